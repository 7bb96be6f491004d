#!/usr/bin/env bash
# usage: ./build.sh VERB
#   serve   build, then serve the page on 127.0.0.1 ($PORT, or 8080, or the next free one)
#   build   the optimised wasm module into www/pkg, and the page with it into dist
#   test    every test; or only the kinds named: native js wasm page
#   bench   every benchmark; or only the kinds named: raft paxos pbft kv locks hunt text check (QUICK=1 measures text against others less often)
#   lint    formatting, clippy, docs, types of the page, shell scripts
#   fmt     format everything
#   clean   remove what was built here (installed tools stay where they are)
# What is missing is installed first, by locked version: tools into $SYNOD_CACHE (by default ~/.cache/synod),
# npm packages into node_modules; Chromium and the like with apt.

set -euo pipefail
shopt -s nullglob
cd "$(dirname "${BASH_SOURCE[0]}")"

cache=${SYNOD_CACHE:-${XDG_CACHE_HOME:-~/.cache}/synod}
target=${CARGO_TARGET_DIR:-target}
bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)
export PATH="$PWD/node_modules/.bin:$cache/wasm-bindgen-$bindgen/bin:$cache/bin:$PATH:${CARGO_HOME:-~/.cargo}/bin"

say() { printf '== %s\n' "$*"; }; have() { command -v "$1" >/dev/null; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
quietly() { # command...: shows what it printed only when it fails
  local log; log=$(mktemp)
  if "$@" >"$log" 2>&1 </dev/null; then rm "$log"; else cat "$log" >&2; rm "$log"; return 1; fi
}

# What is needed, installed where it is missing.
apt_install() { # what it is, packages...
  local what=$1 root=(); shift; [ "$(id -u)" = 0 ] || root=(sudo)
  have apt-get || die "$what is missing, and there is no apt here to install it with"
  say "installing $* (apt)"
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@")
  { quietly "${root[@]}" apt-get update && quietly "${root[@]}" "${install[@]}"; } ||
    die "$what is missing, and apt could not install it"
}

cargo_install() { # crate, version, root: with the crate's own lock file, or without where that cannot be had
  say "installing $1 $2 (cargo; takes minutes, once)"
  local install=(env -u CARGO_TARGET_DIR cargo install "$1" --version "$2" --root "$3" --force)
  "${install[@]}" --locked >/dev/null 2>&1 </dev/null || quietly "${install[@]}" ||
    die "$1 $2 is missing, and cargo could not install it"
}

need_rust() {
  cargo --version >/dev/null 2>&1 || quietly rustup default stable || die "Rust is missing: install it with rustup, then run this again"
  have cc || apt_install "a C compiler, with which Rust links," gcc libc6-dev
}

need_node() {
  { node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' && have npm; } 2>/dev/null ||
    die "Node 20 or later, with npm, is missing: install it, then run this again"
  cmp -s package-lock.json node_modules/.installed.json && return
  say "installing npm packages"
  quietly npm ci --prefer-offline || die "npm could not install the packages of package-lock.json"
  cp package-lock.json node_modules/.installed.json
}

need_wasm() {
  need_rust
  [ -d "$(rustc --print target-libdir --target wasm32-unknown-unknown)" ] || quietly rustup target add wasm32-unknown-unknown ||
    die "Rust's target wasm32-unknown-unknown is missing, and rustup could not add it"
  [ "$(wasm-bindgen --version 2>&1)" = "wasm-bindgen $bindgen" ] ||
    cargo_install wasm-bindgen-cli "$bindgen" "$cache/wasm-bindgen-$bindgen"
}

need_chrome() { # into CHROMIUM and CHROMEDRIVER, unless they are set to paths
  [ -n "${CHROMIUM:-}" ] || have chromium || apt_install "Chromium (or its path in CHROMIUM)" chromium fonts-dejavu-core
  [ -n "${CHROMEDRIVER:-}" ] || have chromedriver || apt_install "ChromeDriver (or its path in CHROMEDRIVER)" chromium-driver
  export CHROMIUM=${CHROMIUM:-$(command -v chromium)} CHROMEDRIVER=${CHROMEDRIVER:-$(command -v chromedriver)}
}

# The verbs.
build() {
  need_node; need_wasm
  local part parts modules=() schemas=(docs/*.schema.json) made_from wasm=$target/wasm32-unknown-unknown/release
  local of_crate=(${CI:+--locked} --quiet --release --target wasm32-unknown-unknown --lib --no-default-features)
  read -ra parts < <(awk -F'[^a-z]+' '/^default = / { $1 = ""; print }' Cargo.toml)
  for part in "${parts[@]}"; do # one module each: the page loads them apart. In runs less is inlined: 3 % smaller, as fast
    RUSTFLAGS="${RUSTFLAGS:-} $(grep -q "^$part = .*runs" Cargo.toml && echo -C llvm-args=-inline-threshold=150)" \
      cargo build "${of_crate[@]}" --features "$part"; modules+=("$wasm/$part.wasm"); cp "$wasm/synod.wasm" "${modules[-1]}"
  done
  made_from=$(cat "${modules[@]}" "${schemas[@]}" package-lock.json tools/types.js build.sh | sha256sum)
  if [ "$made_from" != "$(cat www/pkg/.made-from 2>/dev/null)" ]; then
    rm -rf www/pkg
    for part in "${parts[@]}"; do
      wasm-bindgen --target web --remove-name-section --remove-producers-section --out-dir www/pkg "$wasm/$part.wasm"
      wasm-opt -O3 "www/pkg/${part}_bg.wasm" -o "www/pkg/${part}_bg.wasm"
    done
    node tools/types.js "${schemas[@]}"; echo "$made_from" >www/pkg/.made-from
  fi
  node tools/page.js
}

serve() { build; exec node tools/serve.js dist; }
passed=0 failed=0 skipped=0; total() { printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"; }
stage() { # kind, command...: runs one kind of test, and adds up what its runner says it ran
  local kind=$1 log ok=true p f s; shift; log=$(mktemp)
  say "$kind tests"
  if [ -n "${CI:-}" ]; then "$@" 2>&1 </dev/null | tee "$log" || ok=false
  else "$@" >"$log" 2>&1 </dev/null || { ok=false; cat "$log"; }; fi
  read -r p f s < <(awk -f tools/count.awk "$log"); rm "$log"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  $ok || { failed=$((failed > 0 ? failed : 1)); total; die "the $kind tests failed"; }
}

test_native() { need_rust; stage native cargo test --no-fail-fast; }
test_js() { build; stage js node --test --test-reporter=spec tests/js/*.test.js; }
test_page() { build; stage page playwright test; }
test_wasm() {
  have wasm-pack || cargo_install wasm-pack 0.15.1 "$cache"
  stage wasm env WASM_BINDGEN_TEST_TIMEOUT=120 \
    wasm-pack --log-level error test --mode no-install --headless --chrome --chromedriver "$CHROMEDRIVER"
}
run_tests() { # kinds...: all where none is named
  [ $# -gt 0 ] || set -- native js wasm page
  local kind; for kind; do declare -F "test_$kind" >/dev/null || die "there are no tests of kind '$kind'"; done
  [[ ! $* =~ wasm|page ]] || { need_wasm; need_chrome; } # first, since the other tests take a while
  for kind; do "test_$kind"; done
  total
}

bench() { # kinds...: all where none is named
  local kind; [ $# -gt 0 ] || set -- raft paxos pbft kv locks hunt text check
  for kind; do [ -e "benches/$kind.rs" ] || die "there is no benchmark of kind '$kind'"; done
  build; for kind; do cargo bench --quiet --bench "$kind"; [ ! -e "benches/$kind.mjs" ] || node "benches/$kind.mjs"; done
  [[ " $* " != *" text "* ]] || npm run --silent --prefix benches/peers bench
}

lint() {
  build
  have shellcheck || apt_install shellcheck shellcheck; shellcheck build.sh .ci/run
  cargo fmt --check
  cargo clippy --quiet --all-targets
  cargo clippy --quiet --lib --tests --target wasm32-unknown-unknown
  RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps
  prettier --log-level warn --check .
  tsc
}
fmt() { need_rust; need_node; cargo fmt; prettier --log-level warn --write .; }
clean() { rm -rf dist www/pkg {,benches/peers/}node_modules benches/peers/target test-results; cargo clean --quiet; }

case ${1:-help} in
  serve | build | bench | lint | fmt | clean) "$@" ;;
  test) run_tests "${@:2}" ;;
  help | -h | --help) sed -n 's/^# \{0,1\}//p; /^$/q' "$0" | tail -n +2 ;;
  *) die "there is no verb '$1'; ./build.sh help lists them" ;;
esac
