# Prints "passed failed skipped", added up over what each test runner says it ran.
/^test result:/ { passed += $4; failed += $6; skipped += $8 }                  # cargo test, wasm-bindgen-test
/^ +[0-9]+ passed( \(|$)/ { passed += $1 }                                     # playwright
/^ +[0-9]+ failed$/ { failed += $1 }
/^ +[0-9]+ skipped$/ { skipped += $1 }
/^[^ ]+ pass [0-9]+$/ { passed += $3 }                                         # node --test
/^[^ ]+ fail [0-9]+$/ { failed += $3 }
/^[^ ]+ skipped [0-9]+$/ { skipped += $3 }
END { print passed + 0, failed + 0, skipped + 0 }
