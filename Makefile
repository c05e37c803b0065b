# SPDX-License-Identifier: GPL-2.0-or-later
# The way in for people and CI: every target sets up what it needs and hands over to nox.

.DEFAULT_GOAL := help
.PHONY: help setup sim serve test firmware robot interop soak powerloss replay rollback faults wear same-path fuzz \
	lint bench flash reader-identity clean

# The first Python that is new enough; set PYTHON to choose another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done)
ifeq ($(strip $(PYTHON)),)
$(error Python 3.11 or newer is needed; to install: sudo apt-get install python3 python3-venv)
endif

NOX := .venv/bin/python -m nox --no-error-on-missing-interpreters -s
ARGS ?=

help: ## list what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Arguments are handed on in ARGS, as in: make serve ARGS='--board pico2'"

setup: ## the virtual environment and the Debian packages that everything needs
	@$(PYTHON) -m tools.setup tests

sim: ## build the images, boot both chips, run the life of an HSM
	@$(PYTHON) -m tools.setup sim
	@$(NOX) sim -- $(ARGS)

serve: ## keep an image running as a PC/SC reader until Ctrl-C
	@$(PYTHON) -m tools.setup serve
	@$(NOX) serve -- $(ARGS)

test: ## everything that CI runs
	@$(PYTHON) -m tools.setup tests
	@$(NOX) tests -- $(ARGS)

firmware: ## build the images of all boards
	@$(PYTHON) -m tools.setup sim
	@$(NOX) firmware -- $(ARGS)

robot: ## suites in plain language, on both boards; report in build/robot
	@$(PYTHON) -m tools.setup sim
	@$(NOX) robot -- $(ARGS)

interop: ## OpenSC, OpenSSH, OpenSSL, GnuTLS and python-pkcs11 with the image
	@$(PYTHON) -m tools.setup interop
	@$(NOX) interop -- $(ARGS)

soak: ## 10,000 mixed commands on one card; nothing fails for memory
	@$(PYTHON) -m tools.setup sim
	@$(NOX) soak -- $(ARGS)

powerloss: ## every cut and every tear of every command; report in build/powerloss
	@$(PYTHON) -m tools.setup sim
	@$(NOX) powerloss -- $(ARGS)

replay: ## one finding again, in full: make replay ARGS='pl/...'
	@$(PYTHON) -m tools.setup sim
	@$(NOX) replay -- $(ARGS)

rollback: ## put old flash contents into cards; report in build/rollback
	@$(PYTHON) -m tools.setup sim
	@$(NOX) rollback -- $(ARGS)

same-path: ## the same instructions and addresses whatever the secret; report in build/same_path
	@$(PYTHON) -m tools.setup sim
	@$(NOX) same-path -- $(ARGS)

fuzz: ## input that nobody meant: flash, commands, frames; figures in build/fuzz
	@$(PYTHON) -m tools.setup sim
	@$(NOX) fuzz -- $(ARGS)

faults: ## skip single instructions of checks; nothing may be gained
	@$(PYTHON) -m tools.setup sim
	@$(NOX) faults -- $(ARGS)

wear: ## wear flash out: cost of commands, long lives, lives to the end
	@$(PYTHON) -m tools.setup sim
	@$(NOX) wear -- $(ARGS)

lint: ## style, types, import rules
	@$(PYTHON) -m tools.setup lint
	@$(NOX) lint -- $(ARGS)

bench: ## measure, and write the figures down
	@$(PYTHON) -m tools.setup tests
	@$(NOX) bench -- $(ARGS)

flash: ## copy an image to a board in BOOTSEL mode
	@$(PYTHON) -m tools.setup sim
	@$(NOX) flash -- $(ARGS)

reader-identity: ## what makes pcscd accept a real board; ARGS=--write adds it
	@$(PYTHON) -m tools.setup lint
	@$(NOX) reader-identity -- $(ARGS)

clean: ## remove what was built, keep downloads and tools
	rm -rf build
