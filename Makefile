# Everything that is done with this package by hand or in CI. `make help` lists it.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
# Where `make build` leaves the programs.
BUILD := .build/release

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help deps test-deps build test test-package test-asan test-tsan fuzz soak lint docs graph settings demo bench install package uninstall clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages that building and broadcasting need
	@Packaging/install-packages build

test-deps: ## install what the tests need as well: servers, players, other broadcasters
	@Packaging/install-packages build test

build: ## build for release: .build/release/bulkhead runs in place, its helpers beside it
	$(SWIFT) build -c release

# The tests are built into the same folder, so nothing is compiled twice; `swift test` without --skip-build would
# compile all of it again, for @testable, which no test here uses. Broadcasts whose parts are killed run one at a time:
# several would want more processor time than there is, and a stream that leaves out frames for want of it is right.
test: test-deps build ## build everything and run all tests
	$(SWIFT) build -c release --build-tests
	Tests/run -c release --skip-build --skip '^CrashTests\.'
	Tests/run -c release --skip-build --filter '^CrashTests\.' --no-parallel

test-asan: test-deps ## run the tests with the address sanitizer: memory used wrongly
	Tests/Sanitizers/run address

test-tsan: test-deps ## run the tests with the thread sanitizer: data races
	Tests/Sanitizers/run thread

fuzz: ## feed the decoders with made-up inputs, FUZZ_SECONDS (60) for each
	@Tests/Fuzzing/run

soak: build ## broadcast under random faults for SOAK_MINUTES (30); memory and descriptors must stay flat
	@Tests/Soak/run

test-package: test-deps build ## install what `make package` makes into a bare Debian tree, use it there, and remove it; as root
	Packaging/install-packages install
	Tests/Package/run "$(BUILD)"

lint: ## check the format of the sources, and what runs the tests
	Tests/Harness/run
	Packaging/count-docs --at-least 80 > /dev/null
	$(SWIFT) format lint --strict --recursive --parallel \
		Package.swift Kit/Package.swift Sources Plugins Tests $(wildcard Benchmarks/*/Package.swift Benchmarks/*/Sources)

docs: ## make the API documentation of BulkheadPluginKit: .build/docs/BulkheadPluginKit.doccarchive
	@Packaging/docs .build/docs/BulkheadPluginKit.doccarchive

graph: ## draw the targets, and the types inside the master's rooms, into docs/graph
	@Packaging/graph

settings: ## write what docs/ says of the settings from their declarations
	$(SWIFT) build --product bulkhead
	Packaging/settings .build/debug/bulkhead

# Only what it runs, so that a fresh clone is soon on air: each module in one go, without optimizing it, and without what
# debuggers and editors need.
DEMO := bulkhead bulkhead-origin bulkhead-source bulkhead-encoder bulkhead-plugin-host
DEMO_BUILD := --scratch-path .build/demo -c release -Xswiftc -Onone -Xcc -O0 -Xcxx -O0 \
	-debug-info-format none --disable-index-store

demo: deps ## broadcast the test pattern into the embedded server, until Ctrl-C
	@for product in $(DEMO); do $(SWIFT) build $(DEMO_BUILD) --product $$product || exit; done
	@BULKHEAD="$(CURDIR)/.build/demo/release/bulkhead" Examples/test-pattern/run

bench: test-deps build ## measure, and compare with other broadcasters
	Benchmarks/run
	Benchmarks/plugins
	Benchmarks/hub
	Benchmarks/recording
	Benchmarks/copy
	Benchmarks/origin
	Benchmarks/library
	Benchmarks/library-tracker
	Benchmarks/control-room
	Benchmarks/boot

# What `make build` left is installed, and nothing is built: root would leave files that the user can't build over. With
# DESTDIR the machine is a packager's, who installs packages himself.
install: ## install what `make build` made below PREFIX, /usr/local if not said; DESTDIR for packaging
	@if [ ! -x "$(BUILD)/bulkhead" ]; then echo "there is nothing to install: run make build first" >&2; exit 1; fi
	@if [ -z "$(DESTDIR)" ]; then Packaging/install-packages install; fi
	@Packaging/install "$(BUILD)" "$(DESTDIR)" "$(PREFIX)"

package: build ## make a Debian package and a tarball of the release build: .build/package
	@Packaging/package "$(BUILD)" .build/package

uninstall: ## remove what `make install` installed below PREFIX
	@Packaging/uninstall "$(DESTDIR)" "$(PREFIX)"

clean: ## remove what was built
	rm -rf .build
