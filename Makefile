# Everything that is run on this repository. `make` alone lists it.

PORT     ?= 8000
SHOP_PORT ?= 8080
PASSWORD ?= admin
RULES    ?= examples/quickstart/rules
SEED     ?= examples/quickstart/inventory.yaml
FUZZTIME ?= 30s
SOAKTIME ?= 10m
BENCH    ?= .
COUNT    ?= 1
CHECKS   ?= 10000
PREFIX   ?= /usr/local

# No package needs C; only the race detector does. One setting for all targets lets them share what is compiled.
export CGO_ENABLED ?= 0

# SQLite in Go makes the first build long. Without debug information, and with a compiler that collects its garbage less often, it
# takes about a third less; both change nothing in what the program does. For a debugger: make build DEBUG=1.
ifndef DEBUG
export GOFLAGS := $(strip $(shell go env GOFLAGS) -gcflags=all=-dwarf=false)
endif

CI_STEPS = fmt-check vet tidy-check libc-check proto-check openapi-check charts-check promql-check build staticcheck test race

.DEFAULT_GOAL := help
.PHONY: help build man install run storefront test examples plugins lint fmt cover oracle soak soak-http fuzz fuzz-http bench bench-postgres bench-plugins bench-http benchstat golden postgres ci vet staticcheck race fmt-check tidy-check libc-check generate openapi-check proto proto-check proto-release node browser groff charts charts-check promql-check

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/checkout
	GOGC=400 go build -o bin/checkout ./cmd/checkout

man: build ## write the manual pages of all commands into bin/man/man1
	rm -rf bin/man
	bin/checkout man bin/man/man1

install: man ## install the program, its manual pages and the completion of bash, zsh and fish below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	install -m 755 bin/checkout $(DESTDIR)$(PREFIX)/bin/checkout
	install -m 644 bin/man/man1/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	bin/checkout completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/checkout
	bin/checkout completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_checkout
	bin/checkout completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/checkout.fish

run: build ## start the example shop in memory (PORT, PASSWORD, RULES, SEED)
	bin/checkout run --memory-db --port $(PORT) --password $(PASSWORD) --rules $(RULES) --seed $(SEED)

storefront: build ## run the example storefront on SHOP_PORT, with a server of its own on PORT
	@PORT=$(PORT) SHOP_PORT=$(SHOP_PORT) tools/storefront.sh

test: build postgres node browser groff ## run all tests, then the rule tests of the examples
	go test ./...
	$(MAKE) examples

examples: build ## run the rule tests of the examples, see that they reach and notice nearly everything, check and format their rules
	bin/checkout rules fmt --check -l $$(find examples -name '*.yaml' -not -path '*/node_modules/*')
	bin/checkout rules test --cover=95 examples
	bin/checkout rules mutate --no-cache --min 90 examples
	bin/checkout rules check $$(find examples -type d -name rules)
	bin/checkout rules check --inventory examples/online-shop/inventory.yaml examples/online-shop/rules
	bin/checkout rules check --inventory examples/quickstart/inventory.yaml examples/quickstart/rules

plugins: build ## build the example plugins in Go into bin/plugins
	go build -trimpath -o bin/plugins/ ./examples/plugins/loyalty ./examples/plugins/spend-challenge

lint: vet staticcheck ## run vet and staticcheck

fmt: ## format the Go code
	gofmt -w .

cover: postgres node browser groff ## measure the coverage of the tests into coverage.out
	go test -coverprofile=coverage.out ./...
	@go tool cover -func=coverage.out | tail -n 1

oracle: ## compare pricing with brute force on 10 x CHECKS random baskets, and as many more properties
	go test -count=1 -timeout 60m ./engine -rapid.checks=$(CHECKS)

soak: ## let 10,000 orders compete for 1,000 of everything, live 500 lives of a shop, and kill a plugin for a minute of load
	@tools/postgres.sh
	go test -count=1 -timeout 30m -v -tags soak -run '^TestSoak$$' ./persistence/sqlite ./persistence/postgres ./plugins/host

fuzz: ## run every fuzz test, each for FUZZTIME
	@FUZZTIME=$(FUZZTIME) tools/fuzz.sh

fuzz-http: ## send for FUZZTIME what the document of the API asks for, and what it does not, to a shop with SQLite, and as long to one with Postgres
	@tools/postgres.sh
	go test -run '^$$' -fuzz '^FuzzRequestsOfTheDocument$$' -fuzztime $(FUZZTIME) ./api
	go test -run '^$$' -fuzz '^FuzzRequestsOnPostgres$$' -fuzztime $(FUZZTIME) ./api

soak-http: ## sell and price over HTTP for SOAKTIME while rules are reloaded: memory and goroutines have to stay as they are
	SOAKTIME=$(SOAKTIME) go test -count=1 -timeout 0 -v -tags soak -run '^TestSoak$$' ./cmd/checkout

bench: ## run the benchmarks that match BENCH, COUNT times
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

bench-postgres: ## compare purchases on Postgres with two scripts of pgbench, on a disk that syncs, COUNT times
	@tools/postgres.sh pgbench
	go test -run '^$$' -bench '^BenchmarkPurchase$$' -benchtime 5x -count $(COUNT) -timeout 30m ./persistence/postgres

bench-plugins: ## compare a question to a plugin with a bare gRPC call, and measure quotes while plugins are replaced
	go test -run '^$$' -bench '^Benchmark(Quote|Swap)$$' -benchtime 1x -count $(COUNT) ./plugins/host

bench-http: build ## measure version 0 with wrk, beside the figures of the original system
	@PORT=$(PORT) tools/http.sh

benchstat: ## compare two outputs of make bench (OLD, NEW)
	go tool -modfile=tools/benchstat.mod benchstat $(OLD) $(NEW)

golden: postgres node browser groff ## rewrite the golden files from what the code says now
	UPDATE_GOLDEN=1 go test -count=1 $$(grep -rlE 'UPDATE_GOLDEN|goldentest' --include='*_test.go' . | xargs -n1 dirname | sort -u)

postgres: ## install the Postgres server programs that tests run, if they are missing
	@tools/postgres.sh

node: ## build the example plugin in Node.js, with npm
	@tools/node.sh

browser: ## install the Chromium that tests open reports in, if it is missing
	@tools/browser.sh

groff: ## install the groff by which tests render manual pages, if it is missing
	@tools/groff.sh

charts: ## copy Chart.js from npm into the report of backtests
	@tools/charts.sh

charts-check: ## check that this copy is the one that tools/charts asks for
	@tools/charts.sh --check

promql-check: ## check the dashboard and the alerts of examples/observability with Prometheus itself
	cd tools/promql && go mod tidy -diff && go vet ./... && go test ./... && go run .

ci: ## run everything that CI runs
	@for step in $(CI_STEPS); do echo "==> $$step"; $(MAKE) --no-print-directory $$step || { echo "ci: make $$step has faults" >&2; exit 1; }; done
	@echo "ci: $(words $(CI_STEPS)) steps passed"

vet: ## run go vet
	go vet ./...

staticcheck: ## run staticcheck
	go tool -modfile=tools/staticcheck.mod staticcheck ./...

# The scripts run one command after the other: what commands do at once is tested in the packages that do it.
race: postgres node browser groff ## run the tests under the race detector, of databases what runs at once; needs a C compiler
	@tools/gcc.sh
	CGO_ENABLED=1 go test -race -skip '^TestScripts$$' $$(go list ./... | grep -v '/persistence/\(sqlite\|postgres\)$$')
	CGO_ENABLED=1 go test -race -run '^Test(Memory|Store)$$/^(concurrency|limits|keys|purchase|holds|followed_catalogue|outbox|pauses|webhooks)$$' ./persistence/sqlite ./persistence/postgres

fmt-check: ## check that the Go code is formatted
	@files=$$(gofmt -l .) && test -z "$$files" || { echo "not formatted, run make fmt:"; echo "$$files"; exit 1; } >&2

tidy-check: ## check that go.mod and go.sum are tidy
	go mod tidy -diff

libc-check: ## check that modernc libc is the version that sqlite was made with
	@tools/libc.sh

generate: ## generate what api/openapi.yaml makes: the document as JSON, the types of version 1, the client
	cd tools/openapi && go run . generate

openapi-check: ## check that these are fresh
	cd tools/openapi && go mod tidy -diff && go vet ./... && go run . check

proto: ## generate the Go code of the contract of plugins
	cd tools/proto && go run . generate

proto-check: ## check that this code is fresh, and that the contract only grows
	cd tools/proto && go mod tidy -diff && go vet ./... && go test ./... && go run . check

proto-release: ## take the contract of plugins for released: from then on it only grows
	cd tools/proto && go run . release
