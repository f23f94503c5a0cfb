package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/module"
	"runbook/engine/tester"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

// inPlant is the program whose simulated sites are plants: what `runbook test` does is tried without a cluster.
func inPlant() {
	outliveReaders()
	io := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	io.sites = &sites{
		library: library((&pumpStation{}).module()),
		open:    func(_ context.Context, s *scenario.Scenario) (tester.Site, error) { return newPumpStation(s), nil },
	}
	os.Exit(execute(context.Background(), os.Args[1:], io))
}

// pumpStation is a site in which pumps stand that the scenario's user names, and run ten seconds after they were started.
type pumpStation struct {
	clock    *clock.Virtual
	scenario *scenario.Scenario

	mu       sync.Mutex
	standing map[string]bool
	runs     map[string]time.Time
}

func newPumpStation(s *scenario.Scenario) *pumpStation {
	p := &pumpStation{clock: clock.NewVirtual(s.Starts()), scenario: s, standing: map[string]bool{}, runs: map[string]time.Time{}}
	for name := range strings.FieldsSeq(s.Kubernetes.User) {
		p.standing[name] = true
	}
	return p
}

func (p *pumpStation) Clock() *clock.Virtual                              { return p.clock }
func (p *pumpStation) Rewind() error                                      { return nil }
func (p *pumpStation) Identity() map[string]string                        { return map[string]string{"plant": "north"} }
func (p *pumpStation) Change(context.Context, scenario.Event) error       { return nil }
func (p *pumpStation) Close() error                                       { return nil }
func (p *pumpStation) Library(context.Context, tester.Use) engine.Library { return library(p.module()) }
func (p *pumpStation) Outbox() []outbox.Message                           { return nil }

func (p *pumpStation) module() *module.Module {
	name := module.Param{Name: "name", Kind: module.String, Required: true}
	return &module.Module{Name: "plant", Funcs: []module.Func{
		{Name: "standing", Read: func(module.Args) (action.Read, error) { return standingPumps{p}, nil }},
		{Name: "start", Params: []module.Param{name}, Risk: action.Disruptive, Act: func(a module.Args) (action.Action, error) {
			return startPump{p, a.String("name")}, nil
		}},
	}}
}

type standingPumps struct{ *pumpStation }

func (standingPumps) Describe() action.Description {
	return action.Description{Verb: "plant.standing", Target: action.Target{System: "plant", Kind: "pumps"}}
}

func (s standingPumps) Read(context.Context, action.View) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for name := range s.standing {
		if since, started := s.runs[name]; !started || since.After(s.clock.Now()) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

type startPump struct {
	*pumpStation
	name string
}

func (a startPump) Describe() action.Description {
	return action.Description{Verb: "plant.start", Target: action.Target{System: "plant", Kind: "pumps", Name: a.name}, Risk: action.Disruptive}
}

func (a startPump) Predict(context.Context, action.View) (action.Prediction, error) {
	return action.Prediction{Label: action.Simulated}, nil
}

func (a startPump) Apply(context.Context, action.Prediction) (action.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs[a.name] = a.clock.Now().Add(10 * time.Second)
	return action.Result{}, nil
}

func (a startPump) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.Unknown, nil
}
