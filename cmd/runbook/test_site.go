package main

import (
	"context"

	"runbook/engine"
	"runbook/engine/clock"
	"runbook/engine/redact"
	"runbook/engine/tester"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

// sites are the simulated sites that tests run in.
type sites struct {
	library engine.Library // as data
	open    func(context.Context, *scenario.Scenario) (tester.Site, error)
}

// openSite opens the simulated site of a test.
func openSite(_ context.Context, s *scenario.Scenario) (tester.Site, error) {
	site := &simulatedSite{scenario: s, flags: newClusterFlags()}
	return testSite{site}, site.open() //nolint:contextcheck // nothing that is opened waits for anything
}

// testSite is a simulated site as the tests of runbooks use it.
type testSite struct{ *simulatedSite }

func (s testSite) Clock() *clock.Virtual { return s.world.Clock() }

func (s testSite) Outbox() []outbox.Message { return s.world.Outbox() }

func (s testSite) Rewind() error { return s.world.Rewind() }

func (s testSite) Identity() map[string]string { return s.identity(redact.New()) }

func (s testSite) Change(_ context.Context, e scenario.Event) error { return s.world.Change(e) }

func (s testSite) Close() error { return s.close() }

func (s testSite) Library(ctx context.Context, use tester.Use) engine.Library {
	var second walls
	if use.Rehearse {
		second = secondWalls(ctx, s)
	}
	return library(modules(ctx, s, use.Run, second, use.Secrets)...)
}
