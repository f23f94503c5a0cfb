package notify

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// resultType is what sending returns.
var resultType = module.Result{
	Type: "notify.Delivery",
	Doc: "{ sent, id, error }: whether it was taken; by what it is known there, nil if by nothing (mail: its Message-ID; PagerDuty: its key); " +
		"and { code, message } of why it was not taken, which a required one raises instead",
}

func (b *binding) sendFunc() module.Func {
	return module.Func{
		Name: "send",
		Doc: `Sends a message to a receiver of the site.

What it looks like there depends on the receiver, and on the templates that the site file gives it. To a receiver that knows incidents
(pagerduty, alertmanager) it is one: of the same key it is the same, and with status = "resolved" it is over. Elsewhere a key keeps mails
of the same incident together.`,
		Params: []module.Param{
			{Name: "receiver", Kind: module.String, Required: true, Doc: "its name in the site file"},
			{Name: "message", Kind: module.Object, Required: true, Doc: "what to say", Fields: append(messageFields(true),
				module.Param{Name: "status", Kind: module.String, Enum: statuses, Payload: true, Doc: "how far the incident is"},
				module.Param{Name: "key", Kind: module.String, Doc: "what the incident is known by"},
				requiredParam,
			)},
		},
		Returns: resultType,
		Errors:  sending,
		Examples: []string{
			`notify.send("oncall", { title = "Compiler outage", text = "Two of three pods crash.", severity = "P0", fields = { impact = "all users" } })`,
			`local told = notify.send("team", { title = "Cache cleared", required = true })`,
		},
		Act: func(args module.Args) (action.Action, error) {
			m, err := given("notify.send", args)
			if err != nil {
				return nil, err
			}
			d := delivery{b: b, verb: "notify.send", receiver: args.String("receiver"), letter: m}
			d.target = action.Target{System: system, Kind: receivers, Name: d.receiver}
			if m.Key != "" {
				d.identity = []action.Arg{{Name: "key", Value: m.Key}}
			}
			return d.asked(args), nil
		},
		Kinds: []string{receivers},
	}
}

// A delivery is one message to one receiver, whose failure ends the script.
type delivery struct {
	b        *binding
	verb     string
	target   action.Target
	receiver string
	identity []action.Arg
	letter   letter
}

// A tolerated delivery is one whose failure does not.
type tolerated struct{ delivery }

// Failed is what the call returns.
func (tolerated) Failed(err error) any { return undelivered(err) }

func undelivered(err error) map[string]any {
	return map[string]any{"sent": false, "error": map[string]any{"code": string(action.CodeOf(err)), "message": err.Error()}}
}

func delivered(id string) map[string]any {
	out := map[string]any{"sent": true}
	if id != "" {
		out["id"] = id
	}
	return out
}

// asked is the delivery as the script wants it.
func (d delivery) asked(args module.Args) action.Action {
	if args.Bool(requiredParam.Name) {
		return d
	}
	return tolerated{d}
}

func (d delivery) Describe() action.Description {
	r := d.b.Site().Receivers[d.receiver]
	return action.Description{
		Verb: d.verb, Target: d.target, Identity: d.identity, Payload: arguments(d.letter.Message), Idempotent: known(r),
	}
}

// Predict shows what would be sent. Whether it is taken nobody can know.
func (d delivery) Predict(ctx context.Context, _ action.View) (action.Prediction, error) {
	p, r, err := d.b.pack(ctx, d.receiver, d.letter)
	if err != nil {
		return action.Prediction{}, d.located(err)
	}
	return action.Prediction{
		Value: delivered(p.id), Label: action.Assumed, Preview: p.preview,
		Warnings: slices.Concat(p.warnings, d.letter.doubtful(), d.b.unreadable(r)),
	}, nil
}

// Apply sends it, within the receiver's time.
func (d delivery) Apply(ctx context.Context, _ action.Prediction) (action.Result, error) {
	p, r, err := d.b.pack(ctx, d.receiver, d.b.revealed(d.letter))
	if err != nil {
		return action.Result{}, d.located(err)
	}
	if err := d.b.within(ctx, r, p.send); err != nil {
		return action.Result{}, d.located(err)
	}
	return action.Result{Value: delivered(p.id)}, nil
}

// within bounds the time of what is sent to a receiver, which is the outside's.
func (b *binding) within(ctx context.Context, r contact.Receiver, send func(context.Context) error) error {
	ctx, stop := module.OutsideOf(ctx).WithTimeout(ctx, r.Timeout)
	defer stop()
	return send(ctx)
}

// Settle knows only of what has a key that it may be sent again. Nobody can be asked whether a message came.
func (d delivery) Settle(context.Context, action.Intent) (action.Settlement, error) {
	if known(d.b.Site().Receivers[d.receiver]) {
		return action.SendAgain, nil
	}
	return action.Unknown, nil
}

func (d delivery) located(err error) error {
	if own, ok := err.(*action.Error); ok && own.Target.IsZero() { //nolint:errorlint // it is ours, made right before
		return own.On(d.target)
	}
	return err
}
