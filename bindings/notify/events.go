package notify

import (
	"runbook/engine/action"
	"runbook/engine/module"
)

// incidentParams are the receiver and the key of an incident.
func incidentParams(options ...module.Param) []module.Param {
	return []module.Param{
		{Name: "receiver", Kind: module.String, Required: true, Doc: "its name in the site file: one of pagerduty, or of alertmanager"},
		{Name: "key", Kind: module.String, Required: true, Doc: "what the incident is known by, such as the alert's name; at most 255 bytes"},
		{Name: "options", Kind: module.Object, Doc: "what to say", Fields: append(options, requiredParam)},
	}
}

func (b *binding) triggerFunc() module.Func {
	return module.Func{
		Name: "trigger",
		Doc: `Opens an incident, or adds to the one that is open and has the same key.

PagerDuty tells whom its schedule says, until somebody acknowledges it. Of P0 it thinks as critical, of P1 as error, P2 warning, P3 info.
At an Alertmanager it is an alert, named by its key, which ends when it is resolved, or by itself after an hour.`,
		Params:   incidentParams(messageFields(true)...),
		Returns:  resultType,
		Errors:   sending,
		Examples: []string{`notify.trigger("pager", "PhotonCompilerDown", { title = "Compiler outage", severity = "P0" })`},
		Act: func(args module.Args) (action.Action, error) {
			if args.String("title") == "" {
				return nil, action.Errorf(action.CodeInvalid, "notify.trigger: title is missing: a line that says what has happened")
			}
			return b.newEvent(trigger, args)
		},
		Kinds: []string{incidents},
	}
}

func (b *binding) acknowledgeFunc() module.Func {
	return module.Func{
		Name:     "acknowledge",
		Doc:      "Says that somebody works on an incident: PagerDuty stops telling others of it. Of one that is not open nothing comes.",
		Params:   incidentParams(),
		Returns:  resultType,
		Errors:   sending,
		Examples: []string{`notify.acknowledge("pager", "PhotonCompilerDown")`},
		Act:      func(args module.Args) (action.Action, error) { return b.newEvent(acknowledge, args) },
		Kinds:    []string{incidents},
	}
}

func (b *binding) resolveFunc() module.Func {
	return module.Func{
		Name:     "resolve",
		Doc:      "Says that an incident is over, whatever severity it had. Of one that is not open nothing comes.",
		Params:   incidentParams(),
		Returns:  resultType,
		Errors:   sending,
		Examples: []string{`notify.resolve("pager", "PhotonCompilerDown")`},
		Act:      func(args module.Args) (action.Action, error) { return b.newEvent(resolve, args) },
		Kinds:    []string{incidents},
	}
}

// longestKey is how long PagerDuty lets one be.
const longestKey = 255

func (b *binding) newEvent(event string, args module.Args) (action.Action, error) {
	verb := "notify." + event
	m, err := given(verb, args)
	if err != nil {
		return nil, err
	}
	if m.Key == "" {
		return nil, action.Errorf(action.CodeInvalid, "%s: key is empty", verb)
	}
	m.event = event
	d := delivery{b: b, verb: verb, receiver: args.String("receiver"), letter: m}
	d.target = action.Target{System: system, Kind: incidents, Scope: d.receiver, Name: m.Key}
	return d.asked(args), nil
}
