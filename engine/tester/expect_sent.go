package tester

import (
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/world/outbox"
)

// partsOf are what can be expected of a message.
func partsOf(m outbox.Message) map[string]string {
	return map[string]string{
		"receiver": m.Receiver, "kind": m.Kind, "title": m.Title, "text": m.Text, "to": strings.Join(m.To, ", "), "event": m.Event, "key": m.Key,
		"severity": m.Severity,
	}
}

// messageText is a message in one line.
func messageText(m outbox.Message) string {
	return strings.Join(strings.Fields(m.Receiver+" "+m.Event+" "+m.Title), " ")
}

// sent checks the exact list of messages.
func (v *verification) sent() error {
	list, ok := v.given("sent")
	if !ok {
		return nil
	}
	wanted := list.([]any)
	for i, item := range wanted {
		parts, err := messageOf(i, item)
		if err != nil {
			return err
		}
		if i < len(v.run.outbox) {
			v.message(i, parts, v.run.outbox[i])
		}
	}
	if len(wanted) != len(v.run.outbox) {
		arrived := make([]string, len(v.run.outbox))
		for i, m := range v.run.outbox {
			arrived[i] = messageText(m)
		}
		v.wrong("%d messages arrived, not %d: %s", len(arrived), len(wanted), orNothing(arrived))
	}
	return nil
}

// messageOf reads what is expected of one message.
func messageOf(i int, item any) (map[string]any, error) {
	if receiver, named := item.(string); named {
		return map[string]any{"receiver": receiver}, nil
	}
	parts, ok := item.(map[string]any)
	known := slices.Sorted(maps.Keys(partsOf(outbox.Message{})))
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		if !slices.Contains(known, name) {
			return nil, action.Errorf(action.CodeInvalid, "test.expect: sent[%d]: a message has no %s%s", i+1, name, module.Suggest(name, known))
		}
		_, isText := parts[name].(string)
		ok = ok && isText
	}
	if !ok || len(parts) == 0 {
		return nil, action.Errorf(action.CodeInvalid, `test.expect: sent[%d] must be the name of a receiver, or a table such as { receiver = "oncall", title = "*outage*" }`, i+1)
	}
	return parts, nil
}

func (v *verification) message(i int, wanted map[string]any, m outbox.Message) {
	parts := partsOf(m)
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if pattern := wanted[name].(string); !fits(pattern, parts[name]) {
			v.wrong("message %d has the %s %q, not %q", i+1, name, parts[name], pattern)
		}
	}
}
