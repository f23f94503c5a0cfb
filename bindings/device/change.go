package device

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// changeType is the type of what a change returns.
const changeType = "{ output: string, passed?: boolean, begun?: boolean, fields: table<string, any>, unread?: string[], assumed?: boolean }"

// A change is one call of a function that changes a device.
type change struct {
	*call
	looks *call // the command that says how the device is; nil if there is none
}

func (b *binding) newChange(args module.Args, p driver.Purpose) (action.Action, error) {
	c, err := b.call(args, p)
	if err != nil {
		return nil, err
	}
	if other := c.sameAs(); other != "" {
		return nil, action.Errorf(action.CodeInvalid, "cannot %s the device %s: %s on %s would be the command for %s too, and one of them is not that device",
			verbs[p], c.ID, command.Line(c.argv), c.On, other).On(c.target()).Try("say in the site file what the tool calls each of them (called)")
	}
	looks, err := c.call(driver.Status, nil)
	if err != nil {
		return change{c, nil}, nil // it is done without looking
	}
	return change{c, looks}, nil
}

func (c change) Describe() action.Description {
	d := action.Description{
		Verb: system + "." + string(c.command.Purpose), Target: c.target(), Risk: c.command.Risk, Identity: []action.Arg{{Name: action.Argv, Value: c.argv}},
		Permissions: c.b.Needs[c.On],
	}
	if c.looks != nil {
		d.Payload = []action.Arg{{Name: action.LooksBy, Value: c.looks.argv}}
	}
	return d
}

// onMachine is the field of evidence that says on which machine something was predicted. A plan is of that one.
const onMachine = "machine"

// Predict goes by what the driver expects. What the device is now is evidence, where that can be found out: one that does not answer may be
// just the one to reset.
func (c change) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	found, warnings, err := c.before(ctx)
	if err != nil {
		return action.Prediction{}, err
	}
	state := c.stateOf(view, found)
	if needs := c.command.Needs; needs != nil && state != driver.Unknown && !slices.Contains(needs, state) {
		return action.Prediction{}, c.unfit(state)
	}
	evidence, err := c.evidence(ctx, view, found)
	if err != nil {
		return action.Prediction{}, err
	}
	p := action.Prediction{
		Evidence: evidence,
		Label:    action.Assumed, Warnings: warnings, Value: c.expected(),
	}
	if slices.Contains(c.command.Unless, state) {
		p.Unchanged, p.Note, p.Value = true, fmt.Sprintf("it is %s: there is nothing to do", state), map[string]any{"output": "", "fields": map[string]any{}}
		return p, nil
	}
	if state == driver.Resetting {
		p.Warnings = append(p.Warnings, "it is being reset at this moment, and may refuse")
	}
	p.Note = c.expectation()
	p.Changes = []action.Change{{
		Target:      c.target(),
		Before:      map[string]any{stateField: string(state)},
		After:       map[string]any{stateField: string(c.command.Expects), expectedField: true},
		Bookkeeping: []string{expectedField},
	}}
	return p, nil
}

// evidence is what the change goes by. A state that the run itself has changed before is none that was there when it was planned.
func (c change) evidence(ctx context.Context, view action.View, found *seen) (action.Evidence, error) {
	name, err := c.runner.Machine(ctx)
	if err != nil {
		return action.Evidence{}, action.Errorf(action.CodeUnavailable, "cannot find out which machine %s is: %w", c.On, err).On(c.target())
	}
	old := map[string]any{onMachine: name, stateField: string(found.state())}
	if found.Starts != "" {
		old[startsField] = found.Starts
	}
	if c.intended(view) {
		for _, field := range []string{stateField, startsField} {
			if _, told := old[field]; told {
				old[field] = action.OwnDoing
			}
		}
	}
	return action.Evidence{UID: found.Serial, Old: old}, nil
}

// before is how the device is, as far as that can be found out. That its machine cannot be reached is an error: the change would not get
// there either.
func (c change) before(ctx context.Context) (*seen, []string, error) {
	if c.looks == nil {
		return &seen{}, []string{"the driver has no command that says how it is"}, nil
	}
	found, err := c.looks.look(ctx)
	_, answered := errors.AsType[exit](err)
	switch code := action.CodeOf(err); {
	case err == nil && found.state() == driver.Unknown:
		return found, []string{"its state is unknown: " + c.ununderstood(found)}, nil
	case err == nil:
		return found, nil, nil
	case ctx.Err() != nil:
		return nil, nil, context.Cause(ctx)
	case answered, code == action.CodeTimeout:
		return &seen{}, []string{"how it is now could not be found out: " + err.Error()}, nil
	}
	return nil, nil, err
}

func (c change) ununderstood(s *seen) string {
	switch {
	case s.fault != "":
		return "the driver failed: " + s.fault
	case len(s.unread) > 0:
		return fmt.Sprintf("the driver does not understand %q", s.unread[0])
	}
	return fmt.Sprintf("the driver does not know the word %q", s.Said)
}

// stateOf is the state of the device as the run intends it.
func (c change) stateOf(view action.View, s *seen) driver.State {
	state, _ := c.laid(view, s)[stateField].(string)
	return driver.State(state)
}

// unfit is the error of a device with which this cannot be done as it is.
func (c change) unfit(state driver.State) error {
	needs := make([]string, len(c.command.Needs))
	for i, s := range c.command.Needs {
		needs[i] = string(s)
	}
	return action.Errorf(action.CodeRejected, "cannot %s the device %s: it is %s, and this is for one that is %s",
		verbs[c.command.Purpose], c.ID, state, strings.Join(needs, " or ")).On(c.target()).
		Try("after a reset, wait for it: device.wait(%q)", c.ID)
}

// expected is what the call is assumed to return.
func (c change) expected() map[string]any {
	out := map[string]any{"output": "", "fields": map[string]any{}, assumedField: true}
	switch c.command.Purpose {
	case driver.Calibrate:
		out["passed"] = true
	case driver.Reset:
		out[begunField] = true
	}
	return out
}

func (c change) expectation() string {
	text := fmt.Sprintf("nothing can know what %s comes to: the driver %s expects it to be %s", command.Line(c.argv), c.command.From, c.command.Expects)
	if c.command.Within > 0 {
		text += fmt.Sprintf(" within %s", c.command.Within)
	}
	return text
}

// Apply looks whether the device still is what the evidence says, and runs the command.
func (c change) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	before, err := c.unchanged(ctx, predicted.Evidence)
	if err != nil {
		return action.Result{}, err
	}
	said, err := c.run(ctx, action.CodeUncertain)
	if err != nil {
		return action.Result{}, err
	}
	out := action.Result{Value: c.returned(ctx, said)}
	if c.command.Purpose == driver.Reset {
		out = c.begun(ctx, before, out)
	}
	return out, nil
}

func (c change) returned(ctx context.Context, said driver.Said) map[string]any {
	out := map[string]any{"output": said.Stdout}
	reading := c.driver.Read(context.WithoutCancel(ctx), c.command.Purpose, said)
	found := reading.Of(c.Name())
	if found == nil {
		found = &driver.Observation{}
	}
	(&seen{*found, nil, reading.Fault}).addTo(out)
	if len(found.Fields) > 0 || found.Passed != nil { // else all that it printed is output
		if len(reading.Unread) > 0 {
			out["unread"] = reading.Unread
		}
	}
	if c.command.Purpose == driver.Calibrate {
		out["passed"] = found.Passed == nil || *found.Passed // it ended well, whatever it said
	}
	return out
}

// unchanged looks whether the device is what it was, and returns how it is. One that did not tell then is not asked again.
func (c change) unchanged(ctx context.Context, then action.Evidence) (*seen, error) {
	name, err := c.runner.Machine(ctx)
	if was, known := then.Old[onMachine]; known && (err != nil || was != name) {
		return nil, action.Errorf(action.CodeConflict, "cannot %s %s: this was for the machine %v, and here is %s", verbs[c.command.Purpose], c.target(), was, name).On(c.target())
	}
	was, _ := then.Old[stateField].(string)
	if was == "" || driver.State(was) == driver.Unknown && then.UID == "" {
		return &seen{}, nil
	}
	now, _, err := c.before(ctx)
	started, told := then.Old[startsField].(string)
	switch {
	case err != nil:
		return nil, err
	case now.Serial != then.UID:
		return nil, action.Errorf(action.CodeConflict, "cannot %s %s: this was for the device with the serial number %q, and here is %q",
			verbs[c.command.Purpose], c.target(), then.UID, now.Serial).On(c.target())
	case string(now.state()) != was:
		return nil, action.Errorf(action.CodeConflict, "cannot %s %s: it was %s when this was decided, and is %s now", verbs[c.command.Purpose], c.target(), was, now.state()).
			On(c.target()).Try("look at it again: device.status(%q)", c.ID)
	case told && started != string(action.OwnDoing) && now.Starts != "" && now.Starts != started:
		return nil, action.Errorf(action.CodeConflict, "cannot %s %s: it was started anew since this was decided", verbs[c.command.Purpose], c.target()).
			On(c.target()).Try("look at it again: device.status(%q)", c.ID)
	}
	return now, nil
}

// Settle looks at the device. It was done if it is under way, or has come to what was expected and was not before; that it is as it was may
// mean that nothing happened, or that it did not help.
func (c change) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	if c.looks == nil {
		return action.Unknown, nil
	}
	found, err := c.looks.look(ctx)
	if err != nil {
		return action.Unknown, err
	}
	was, _ := intent.Evidence.Old[stateField].(string)
	if found.Serial != intent.Evidence.UID {
		return action.Unknown, nil
	}
	if c.command.Purpose == driver.Reset && found.Starts != "" {
		if settled := c.byStarts(ctx, intent, found); settled != action.Unknown {
			return settled, nil
		}
	}
	if was == string(driver.Unknown) {
		return action.Unknown, nil
	}
	now := found.state()
	underWay := c.command.Purpose == driver.Reset && now == driver.Resetting
	if string(now) != was && (underWay || now == c.command.Expects) {
		return action.Done, nil
	}
	return action.Unknown, nil
}

func (b *binding) changeFunc(p driver.Purpose, doc string, examples ...string) module.Func {
	return module.Func{
		Name: string(p), Doc: doc, Params: []module.Param{idParam},
		Returns: module.Result{Type: changeType, Doc: "what the tool printed, and what the driver understood of it"},
		Errors: []action.Code{
			action.CodeNotFound, action.CodeUnavailable, action.CodeThrottled, action.CodeRejected, action.CodeCommand, action.CodeConflict, action.CodeUncertain,
		},
		Examples: examples,
		Risk:     action.Disruptive,
		Kinds:    []string{devices},
		Act:      func(args module.Args) (action.Action, error) { return b.newChange(args, p) },
	}
}

func (b *binding) reconnectFunc() module.Func {
	return b.changeFunc(driver.Reconnect, `Brings the lost link of a device back.

Of a device that is up already nothing is asked. One whose link needs more than that is refused with the code unavailable: reset it.`,
		`local done, err = try(device.reconnect, "envise-2"); if err then device.reset("envise-2") end`)
}

func (b *binding) resetFunc() module.Func {
	return b.changeFunc(driver.Reset, `Starts a device anew: what runs on it is lost.

It returns when the reset has begun, and does not wait for its end: see wait. Of a device that was up that is seen by its tool, which may go
on showing it as it was for a while (begins in its driver): begun is false if it did all that time, because a reset may be over before
anybody looks. A device that is being reset already refuses with the code throttled, and is asked again for some seconds.`,
		`device.reset("envise-2"); device.wait("envise-2", { state = "online", timeout = "5m" })`)
}
