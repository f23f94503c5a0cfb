package main

import (
	"context"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/tester"
	"runbook/engine/world/scenario"
)

// sites are the simulated sites that tests run in.
type sites struct {
	library engine.Library // as data
	open    func(context.Context, *scenario.Scenario) (tester.Site, error)
}

// openSite opens the simulated site of a test.
func openSite(context.Context, *scenario.Scenario) (tester.Site, error) {
	return nil, action.Errorf(action.CodeInternal, "there are no simulated sites in this program")
}

// scenarioShelves are where a runbook's scenarios are found: beside it, then those that all runbooks share.
func scenarioShelves(e *catalog.Entry) scenario.Shelves {
	var out scenario.Shelves
	if own, err := tester.OwnShelf(e); err == nil { // it fails for a malformed name only
		out = append(out, own)
	}
	return out
}
