package notify

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

// unmade begins the id of a silence that a run has not made yet, or whose id it never heard.
const unmade = "unmade-"

// longestSilence is how long one may be: whoever wants more wants an alert less.
const longestSilence = 30 * 24 * time.Hour

func (b *binding) silenceFunc() module.Func {
	return module.Func{
		Name: "silence",
		Doc: `Silences alerts for a while: the site's Alertmanager tells nobody of those that fit.

Where a silence of the same matchers lasts as long already, there is nothing to do, and that one is returned.`,
		Params: []module.Param{
			{Name: "matchers", Kind: module.Any, Required: true,
				Doc: `values by label, { alertname = "PhotonCompilerDown" }; or a list of texts: { 'alertname="PhotonDeviceOffline"', 'device_id=~"envise-.*"' }`},
			{Name: "options", Kind: module.Object, Doc: "how long, and why", Fields: []module.Param{
				{Name: "lasts", Kind: module.Duration, Required: true, Doc: "how long, from now on; at most 30 days"},
				{Name: "comment", Kind: module.String, Required: true, Payload: true, Doc: "why; whoever wonders at the quiet reads it"},
			}},
		},
		Returns:  module.Result{Type: silenceType, Doc: "the silence, as silences has it; give it to expire. In a dry run its id is none yet"},
		Errors:   sending,
		Risk:     action.Disruptive,
		Examples: []string{`local quiet = notify.silence({ alertname = "PhotonCompilerDown" }, { lasts = "30m", comment = "planned restart" })`},
		Act: func(args module.Args) (action.Action, error) {
			list, err := matchersOf("notify.silence", args["matchers"])
			if err != nil {
				return nil, err
			}
			q := quieting{b: b, matchers: list, comment: args.String("comment")}
			q.lasts, _ = args.Duration("lasts")
			switch {
			case q.lasts <= 0 || q.lasts > longestSilence:
				return nil, action.Errorf(action.CodeInvalid, "notify.silence: lasts must be more than nothing and at most 30 days, got %s", q.lasts)
			case q.comment == "":
				return nil, action.Errorf(action.CodeInvalid, "notify.silence: comment is empty: say why, for whoever wonders at the quiet")
			}
			return q, nil
		},
		Kinds: []string{silences},
	}
}

// A quieting is one silence that a script wants.
type quieting struct {
	b        *binding
	matchers []matcher
	lasts    time.Duration
	comment  string
}

func (q quieting) text() string { return matchersText(q.matchers) }

func (q quieting) Describe() action.Description {
	return action.Description{
		Verb: "notify.silence", Target: silenceTarget(q.text()), Risk: action.Disruptive,
		Identity: []action.Arg{{Name: "lasts", Value: q.lasts.String()}}, Payload: []action.Arg{{Name: "comment", Value: q.comment}},
	}
}

// wanted is the silence as it would be made now.
func (q quieting) wanted(ctx context.Context) silenced {
	now := present(ctx).UTC()
	return silenced{Matchers: q.matchers, StartsAt: now, EndsAt: now.Add(q.lasts), CreatedBy: q.by(), Comment: q.comment}
}

// by is who is named as its author: Alertmanager wants somebody whom one can ask.
func (q quieting) by() string {
	by := "runbook " + q.b.Run.ID
	if q.b.Run.User != "" {
		by = q.b.Run.User + ", " + by
	}
	return by
}

// Predict looks whether there is such a silence.
func (q quieting) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	live, err := q.b.silences(ctx)
	if err != nil {
		return action.Prediction{}, err
	}
	wanted := q.wanted(ctx)
	warnings := wide(q.matchers)
	for _, s := range live {
		if s.state() == "expired" || matchersText(s.Matchers) != q.text() {
			continue
		}
		if laid, _ := view.Lay(silenceTarget(s.ID), s.shown()); laid == nil {
			continue
		}
		if s.state() == "active" && !s.EndsAt.Before(wanted.EndsAt) {
			return action.Prediction{
				Value: s.shown(), Label: action.Validated, Unchanged: true,
				Note: fmt.Sprintf("it is silenced until %s, by %s: %s", s.EndsAt.UTC().Format(time.RFC3339), s.CreatedBy, s.Comment),
			}, nil
		}
		warnings = append(warnings, fmt.Sprintf("there is another silence of these, until %s, by %s: %s", s.EndsAt.UTC().Format(time.RFC3339), s.CreatedBy, s.Comment))
	}
	if intended, _ := view.Lay(silenceTarget(q.text()), nil); intended != nil && number(intended["ends"]) >= seconds(wanted.EndsAt) {
		return action.Prediction{Value: intended, Label: action.Simulated, Unchanged: true, Note: "this run silences it for as long already"}, nil
	}
	wanted.ID = unmade + named(q.text(), wanted.StartsAt.String())
	return action.Prediction{
		Changes: []action.Change{{Target: silenceTarget(q.text()), After: wanted.shown()}},
		Value:   wanted.shown(), Label: action.Simulated, Warnings: warnings,
		Note: "alerts that fit " + q.text() + " reach nobody until " + wanted.EndsAt.Format(time.RFC3339),
	}, nil
}

// Apply makes it.
func (q quieting) Apply(ctx context.Context, _ action.Prediction) (action.Result, error) {
	wanted := q.wanted(ctx)
	var made struct {
		ID string `json:"silenceID"`
	}
	err := q.b.within(ctx, contact.Receiver{Timeout: patience}, func(ctx context.Context) error {
		return q.b.ask(ctx, "silence "+q.text(), http.MethodPost, "silences", wanted, &made)
	})
	if err != nil {
		return action.Result{}, err
	}
	wanted.ID = made.ID
	return action.Result{Value: wanted.shown()}, nil
}

// slack is how much sooner than it should a silence may end that was made just then.
const slack = 5 * time.Second

// Settle looks for a silence that this run made, and not for an earlier one of the same.
func (q quieting) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	live, err := q.b.silences(ctx)
	if err != nil {
		return action.Unknown, err
	}
	for _, s := range live {
		if q.made(s) && s.state() != "expired" && !s.EndsAt.Before(intent.Sent.Add(q.lasts-slack)) {
			return action.Done, nil
		}
	}
	return action.NotDone, nil
}

// made tells whether a silence is one that this run made of the same.
func (q quieting) made(s silenced) bool {
	return matchersText(s.Matchers) == q.text() && s.CreatedBy == q.by() && s.Comment == q.comment
}
