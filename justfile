# What CI runs.
verify:
    .ci/run

# The quick half: what to run while working.
test:
    cargo test --features cli

# Format and lint.
tidy:
    cargo fmt
    cargo clippy --all-targets --all-features -- -D warnings
