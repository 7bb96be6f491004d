//! Replicas under whatever comes, in whatever order.

use crate::desk::{Desk, macs, put};
use synod::base::{Chance, Draws, Input};
use synod::protocol::pbft::{Options, Pbft, Timer, Way};

/// Replicas under whatever order of whatever messages, late ones and doubled ones among them, with
/// one of them a liar whose ways change: none panics, and no two honest ones differ.
#[test]
fn any_order_of_messages_is_borne() {
    for seed in 0..150u64 {
        let mut luck = Draws::new(Chance::from_seed(seed).of(0x6465_736b));
        let options = Options {
            checkpoint_interval: 2,
            window: 4,
            ..macs()
        };
        let mut desk = Desk::new(4, options);
        let mut old: Vec<(synod::base::NodeId, synod::protocol::pbft::Message)> = Vec::new();
        for step in 0..600u64 {
            match luck.between(0, 19) {
                0 => desk.ask(
                    luck.between(0, 3) as usize,
                    step as u32 % 3,
                    1 + step / 40,
                    put("x", step as i64),
                ),
                1 => {
                    let id = luck.between(0, 3) as usize;
                    let timer = [Timer::ViewChange, Timer::Status, Timer::Late]
                        [luck.between(0, 2) as usize];
                    if desk.timers[id].contains_key(&timer) {
                        desk.fire(id, timer);
                    }
                }
                2 if luck.between(0, 9) == 0 => {
                    let ways = [
                        Way::Equivocate,
                        Way::Forge,
                        Way::Impersonate,
                        Way::LieViewChange,
                        Way::Replay,
                        Way::WrongDigest,
                    ];
                    let way = ways[luck.between(0, 5) as usize];
                    desk.conduct(3, &[way, Way::FalseCheckpoint]);
                }
                3 if luck.between(0, 9) == 0 => desk.restart(luck.between(0, 3) as usize),
                4 if !old.is_empty() => {
                    let again = luck.between(0, old.len() as u64 - 1) as usize;
                    let (from, message) = old[again].clone();
                    desk.input(
                        luck.between(0, 3) as usize,
                        Input::Message { from, message },
                    );
                }
                _ if !desk.letters.is_empty() => {
                    let place = luck.between(0, desk.letters.len() as u64 - 1) as usize;
                    let (from, to, message) = desk.letters.remove(place).expect("it is there");
                    old.push((from, message.clone()));
                    desk.input(to.index(), Input::Message { from, message });
                }
                _ => {}
            }
        }
        let honest: Vec<&Pbft> = desk.cores.iter().take(3).collect();
        for (one, other) in [(0, 1), (0, 2), (1, 2)] {
            if honest[one].executed() == honest[other].executed() {
                assert_eq!(
                    honest[one].machine(),
                    honest[other].machine(),
                    "seed {seed}"
                );
            }
        }
    }
}
