package notify

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

func (b *binding) receiversFunc() module.Func {
	return module.Func{
		Name:     "receivers",
		Doc:      "Lists the receivers of the site, by name. Where they are is nobody's business.",
		Returns:  module.Result{Type: "notify.Receiver[]", Doc: "{ name, kind }; kind is slack, smtp, pagerduty, webhook or alertmanager"},
		Examples: []string{`for _, receiver in ipairs(notify.receivers()) do log(receiver.name .. ": " .. receiver.kind) end`},
		Read: func(module.Args) (action.Read, error) {
			return knowledge{"notify.receivers", action.Target{System: system, Kind: receivers}, func() (any, error) {
				known, out := b.Site().Receivers, []map[string]string{}
				for _, name := range slices.Sorted(maps.Keys(known)) {
					out = append(out, map[string]string{"name": name, "kind": known[name].Kind()})
				}
				return module.Raw(out)
			}}, nil
		},
	}
}

func (b *binding) escalationFunc() module.Func {
	return module.Func{
		Name: "escalation",
		Doc: `Tells how soon somebody responds to an incident of a severity, and who is told one after the other.

It is the site's own matrix, and the handbook's for a severity that the site says nothing of: P0 15 minutes, On-call, Manager, Director; P1
1 hour, On-call, Team Lead; P2 4 hours, On-call, Team; P3 next business day, Team.`,
		Params: []module.Param{{Name: "severity", Kind: module.String, Required: true, Enum: contact.Severities, Doc: "P0, the worst, to P3"}},
		Returns: module.Result{
			Type: "notify.Escalation",
			Doc: "{ severity, respond, next_business_day, path }: respond in seconds, nil where it is the next business day; path is a list of " +
				"{ who, receiver, after }: the receiver's name, nil where the site names none, and after how many seconds from the beginning they are told",
		},
		Examples: []string{`for _, step in ipairs(notify.escalation("P0").path) do log(step.who .. " after " .. step.after .. " s") end`},
		Read: func(args module.Args) (action.Read, error) {
			severity := args.String("severity")
			target := action.Target{System: system, Kind: "escalations", Name: severity}
			return knowledge{"notify.escalation", target, func() (any, error) { return b.escalation(severity) }}, nil
		},
	}
}

func (b *binding) escalation(severity string) (any, error) {
	rung := b.Site().Matrix.Or(contact.Handbook())[severity]
	path := []map[string]any{}
	for i, step := range rung.Path {
		one := map[string]any{"who": step.Who, "after": rung.Told(i).Seconds()}
		if step.Receiver != "" {
			one["receiver"] = step.Receiver
		}
		path = append(path, one)
	}
	out := map[string]any{"severity": severity, "next_business_day": rung.Respond == contact.NextBusinessDay, "path": path}
	if d, timed := rung.Responds(); timed {
		out["respond"] = d.Seconds()
	}
	return module.Raw(out)
}

// knowledge is what the site file says. It is a read all the same: a run that is taken up again goes by what it read then.
type knowledge struct {
	verb   string
	target action.Target
	tell   func() (any, error)
}

func (k knowledge) Describe() action.Description {
	return action.Description{Verb: k.verb, Target: k.target, Idempotent: true}
}

func (k knowledge) Read(context.Context, action.View) (any, error) {
	value, err := k.tell()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.verb, err)
	}
	return value, nil
}
