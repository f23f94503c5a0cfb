package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/contact"
	"runbook/engine/module"
)

func (b *binding) expireFunc() module.Func {
	return module.Func{
		Name: "expire",
		Doc: `Ends a silence: from now on alerts that fit reach whom they are for.

Give it what silence returned, and not its id alone: a plan is made before there is one.`,
		Params: []module.Param{
			{Name: "silence", Kind: module.Any, Required: true, Doc: "what silence or silences returned, or the id of a silence"},
		},
		Errors:   append([]action.Code{action.CodeNotFound}, sending[1:]...),
		Examples: []string{`for _, s in ipairs(notify.silences()) do if s.comment == "planned restart" then notify.expire(s) end end`},
		Act: func(args module.Args) (action.Action, error) {
			e := ending{b: b}
			switch s := args["silence"].(type) {
			case string:
				e.id = s
			case map[string]any:
				e.id, _ = s["id"].(string)
				e.matchers, _ = s["matchers"].(string)
			case json.RawMessage:
				var of struct{ ID, Matchers string }
				if err := json.Unmarshal(s, &of); err != nil {
					return nil, action.Errorf(action.CodeInvalid, "notify.expire: silence must be what notify.silence returned, or an id")
				}
				e.id, e.matchers = of.ID, of.Matchers
			}
			if e.id == "" {
				return nil, action.Errorf(action.CodeInvalid, "notify.expire: silence must be what notify.silence returned, or an id")
			}
			if e.matchers == "" && strings.HasPrefix(e.id, unmade) {
				return nil, action.Errorf(action.CodeInvalid, "notify.expire: the silence is only intended, and has no id yet").
					Try("give it what notify.silence returned, and not its id alone")
			}
			return e, nil
		},
		Kinds: []string{silences},
	}
}

// An ending is the end of one silence. By its matchers it is the same in a plan, which is made before the silence has an id.
type ending struct {
	b        *binding
	id       string
	matchers string // "" where only the id is known
}

func (e ending) target() action.Target {
	if e.matchers != "" {
		return silenceTarget(e.matchers)
	}
	return silenceTarget(e.id)
}

func (e ending) Describe() action.Description {
	return action.Description{Verb: "notify.expire", Target: e.target(), Payload: []action.Arg{{Name: "id", Value: e.id}}, Idempotent: true}
}

// Predict looks at the silence. One that the run makes itself is nowhere but in what it intends.
func (e ending) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	if intended, known := view.Lay(e.target(), nil); known && e.matchers != "" && strings.HasPrefix(e.id, unmade) {
		return action.Prediction{
			Changes: []action.Change{{Target: e.target(), Before: intended}}, Label: action.Simulated, Unchanged: intended == nil,
		}, nil
	}
	s, err := e.look(ctx)
	if err != nil {
		return action.Prediction{}, err
	}
	shown := s.shown()
	laid, intended := view.Lay(silenceTarget(s.ID), shown)
	p := action.Prediction{
		Label:    action.Validated,
		Evidence: action.Evidence{UID: s.ID, Old: map[string]any{"ends": s.EndsAt.UTC().Format(time.RFC3339Nano)}},
		Changes:  []action.Change{{Target: silenceTarget(s.ID), Before: shown}},
	}
	if s.state() == "expired" || intended && laid == nil {
		return action.Prediction{Label: action.Validated, Unchanged: true, Note: "it has ended already"}, nil
	}
	return p, nil
}

// look is the silence as it is. One whose id the run never heard is found by what it is.
func (e ending) look(ctx context.Context) (s silenced, err error) {
	if !strings.HasPrefix(e.id, unmade) {
		err = e.b.within(ctx, contact.Receiver{Timeout: patience}, func(ctx context.Context) error {
			return e.b.ask(ctx, "look at the silence "+e.id, http.MethodGet, "silence/"+url.PathEscape(e.id), nil, &s)
		})
		if err != nil {
			return s, e.missing(err)
		}
		return s, nil
	}
	live, err := e.b.silences(ctx)
	if err != nil {
		return s, err
	}
	for _, s := range live {
		if matchersText(s.Matchers) == e.matchers && strings.HasSuffix(s.CreatedBy, "runbook "+e.b.Run.ID) {
			return s, nil
		}
	}
	return s, action.Errorf(action.CodeNotFound, "there is no silence of %s that this run made", e.matchers).On(e.target())
}

// missing names the silence that is not there: of an id that is none Alertmanager says that it cannot be read.
func (e ending) missing(err error) error {
	code := action.CodeOf(err)
	if code != action.CodeNotFound && code != action.CodeRejected {
		return err
	}
	return action.Errorf(action.CodeNotFound, "there is no silence %s", e.id).On(e.target()).Try("notify.silences() lists those that there are")
}

// Apply ends it, by the id that was looked at.
func (e ending) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	return action.Result{}, e.b.within(ctx, contact.Receiver{Timeout: patience}, func(ctx context.Context) error {
		return e.b.ask(ctx, "end the silence "+predicted.Evidence.UID, http.MethodDelete, "silence/"+url.PathEscape(predicted.Evidence.UID), nil, nil)
	})
}

// Settle looks at it.
func (e ending) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	if intent.Evidence.UID != "" {
		e.id = intent.Evidence.UID
	}
	switch s, err := e.look(ctx); {
	case action.CodeOf(err) == action.CodeNotFound && err != nil:
		return action.Done, nil
	case err != nil:
		return action.Unknown, err
	case s.state() == "expired":
		return action.Done, nil
	}
	return action.NotDone, nil
}
