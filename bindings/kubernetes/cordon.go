package kubernetes

import (
	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) cordonFunc() module.Func {
	return b.toggleFunc(toggle{
		name: "cordon", path: []string{"spec", "unschedulable"}, on: true, risk: action.Disruptive, kinds: []string{"nodes"}, bare: "node",
		says: "cordoned",
		doc: `Cordons a node: no new pods are started on it. Those that run there stay.

To move them elsewhere see require "drain".`,
		returns:  "true if it was cordoned, false if it was cordoned already",
		examples: []string{`kubernetes.cordon("node-3")`, `local ours = kubernetes.cordon("node/node-3")`},
	})
}

func (b *binding) uncordonFunc() module.Func {
	return b.toggleFunc(toggle{
		name: "uncordon", path: []string{"spec", "unschedulable"}, risk: action.Routine, kinds: []string{"nodes"}, bare: "node", says: "uncordoned",
		doc:      `Lets pods be started on a node again that was cordoned.`,
		returns:  "true if it was uncordoned, false if it was not cordoned",
		examples: []string{`kubernetes.uncordon("node-3")`},
	})
}
