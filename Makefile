# Everything a person or a machine does with this repository. Needs Rust, Python 3 with pip, and a C++ compiler.

PREFIX ?= $(HOME)/.local
CARGO ?= cargo
BIN := target/release
# Only what has no other home is set here: plain `cargo build` and `cargo test` work without make once `make setup` ran.
export OMP_WAIT_POLICY ?= passive

.PHONY: run setup build test format lint unit front-end-without-libtorch docs parity proof bench fuzz install uninstall audit clean help

## make run: build, then open the screen (in a terminal) or train `quickstart` (elsewhere)
run: build
	@if [ -t 0 ] && [ -t 1 ]; then exec $(BIN)/curricle; else exec $(BIN)/curricle run quickstart; fi

## make setup: install libtorch where the build finds it; repairs a broken installation
setup:
	@python3 scripts/libtorch.py

## make build: leave target/release/curricle and target/release/curricle-engine
build: setup
	@$(CARGO) build --release --locked

## make test: format, lints, tests, documentation: all that must hold for a commit
test: format lint unit front-end-without-libtorch docs
	@echo "make test: all passed"

format:
	@$(CARGO) fmt --all --check

lint: setup
	@$(CARGO) clippy --release --locked --workspace --all-targets -- -D warnings

unit: build
	@$(CARGO) test --release --locked --workspace --no-fail-fast

# The front end must start without libtorch: neither its sources nor its binary may name it.
front-end-without-libtorch: build
	@bash scripts/front-end-without-libtorch.sh

docs: setup
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --locked --workspace --no-deps --quiet

## make parity: training and evaluation against the reference results, in full (CURRICLE_REFERENCE, CURRICLE_DATA)
parity: setup
	@$(CARGO) test --release --locked --workspace --test reference_parity --test fixture_parity --test fixture_schedules \
		--test published_schedules --test ordering_parity --test perfect_ordering_parity -- --include-ignored --nocapture

## make proof: the long proofs, or one of them (ONLY=parity|glyphs|quickstart|screen|resume|faults|saves|bf16|cifar|kill-ordered|kill-study|kill)
proof: build
	@bash scripts/proof.sh "$(ONLY)"

## make bench: Curricle beside PyTorch and W&B LEET, in pairs (ONLY=step PAIRS=7 THREADS=1; REST=1 goes on); writes target/bench.json
bench: build
	@bash bench/bench.sh --only "$(ONLY)" --pairs "$(or $(PAIRS),7)" --threads "$(or $(THREADS),1)" $(if $(REST),--rest)

## make fuzz: feed every reader of foreign bytes with odd inputs (ONLY=events,idx SECONDS=600 JOBS=2); needs a nightly compiler
fuzz:
	@CARGO="$(CARGO)" ONLY="$(ONLY)" FUZZ_SECONDS="$(or $(SECONDS),600)" JOBS="$(or $(JOBS),2)" bash scripts/fuzz.sh

## make install: put the program and libtorch under PREFIX (~/.local); runs that are training keep theirs
install: build
	@bash scripts/install.sh "$(PREFIX)"

## make uninstall: remove what `make install` put there; runs, presets and data stay
uninstall:
	@bash scripts/install.sh --remove "$(PREFIX)"

## make audit: licences and security advisories of all dependencies (needs the network; no part of `make test`)
audit:
	@command -v cargo-deny >/dev/null || $(CARGO) install --locked cargo-deny
	@$(CARGO) deny check

clean:
	@$(CARGO) clean

help:
	@sed -n 's/^## //p' Makefile
