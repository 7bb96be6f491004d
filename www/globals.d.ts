// What the page offers to those who embed, test or teach with it.
interface Window {
  synod: any;
}
