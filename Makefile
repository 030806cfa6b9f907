# `make run` and `make test` do all the set-up on a fresh machine; `make help`
# lists the rest. What a machine needs, and how it is checked, is in
# scripts/setup.sh.

# Found even when the shell that starts make has not read rustup's profile.
export PATH := $(PATH):$(or $(CARGO_HOME),$(HOME)/.cargo)/bin

# Mesa complains about a missing one, again and again. The program sees to that
# itself; the tests that draw in their own process need it here.
export XDG_RUNTIME_DIR ?= $(CURDIR)/target

# Options for the app: make run ARGS="--projector"
ARGS ?=

# Tests that need the real MNIST files are marked `#[ignore]`, so that a
# machine without them says so ("ignored") and does not pretend. They run
# where SPIKESCOPE_MNIST names the folder.
TEST_ARGS := $(if $(SPIKESCOPE_MNIST),-- --include-ignored)

.PHONY: run test check bench pictures licences help

run: ## build the release version and open the app (no display: render the tour)
	@scripts/setup.sh run
	cargo build --release --locked
	@scripts/run.sh $(ARGS)

test: ## formatting, lints, documentation and every test; SPIKESCOPE_MNIST=DIR adds those on real data
	@scripts/setup.sh test
	cargo fmt --check
	scripts/test.sh $(TEST_ARGS)

check: ## formatting, lints and documentation alone
	@scripts/setup.sh test
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

bench: ## benchmarks
	@scripts/setup.sh test
	cargo bench --locked

pictures: ## renew the README's pictures; SPIKESCOPE_MNIST=DIR shows real digits
	@scripts/setup.sh test
	scripts/pictures.sh

licences: ## rewrite THIRD_PARTY.md from the packages that are built in
	scripts/licences.sh > THIRD_PARTY.md.new
	mv THIRD_PARTY.md.new THIRD_PARTY.md

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name text; \
		do printf '  make %-9s %s\n' "$$name" "$$text"; done
