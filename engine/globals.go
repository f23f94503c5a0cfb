package engine

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/script"
)

// errSkip is the cause of a step that ended itself with skip.
var errSkip = errors.New("skipped")

// globals are the functions that every script has without require: what concerns the run itself. With a nil run they can be listed
// but not called.
func globals(r *run) *module.Module {
	return &module.Module{Doc: "Functions that every script has without require.", Funcs: []module.Func{
		{
			Name:    "log",
			Doc:     "Shows one line of text below the current step.",
			Params:  []module.Param{{Name: "message", Kind: module.Any, Required: true, Doc: "text; any other value is shown as JSON"}},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, r.log(ctx, a) },
		},
		{
			Name:    "show",
			Doc:     "Shows a table, name-value pairs, checks or a chart below the current step. Scripts use the library report, which calls this.",
			Params:  []module.Param{{Name: "what", Kind: module.Object, Required: true, Fields: showFields}},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, r.show(ctx, a) },
		},
		{
			Name:    "skip",
			Doc:     "Ends the current step without failing it. Later steps run.",
			Params:  []module.Param{{Name: "reason", Kind: module.String, Required: true}},
			Control: func(_ context.Context, a module.Args) (any, error) { return nil, skip(a.String("reason")) },
		},
		{
			Name: "fail",
			Doc:  "Ends the run as failed.",
			Params: []module.Param{
				{Name: "message", Kind: module.String, Required: true},
				{Name: "hint", Kind: module.String, Doc: "what to do or type next"},
			},
			Control: func(_ context.Context, a module.Args) (any, error) {
				return nil, &action.Error{Code: action.CodeScript, Message: a.String("message"), Hint: a.String("hint")}
			},
		},
		{
			Name:    "sleep",
			Doc:     "Waits. In a dry run no time passes for the person: the run's clock jumps.",
			Params:  []module.Param{{Name: "duration", Kind: module.Duration, Required: true}},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, r.sleep(ctx, a) },
		},
		{
			Name: "wait_until",
			Doc: "Calls a function until it returns something that is neither nil nor false, and returns that.\n" +
				"In a dry run it is called once; what does not hold yet is assumed to come true, and nil is returned.",
			Params: []module.Param{
				{Name: "options", Kind: module.Object, Required: true, Fields: []module.Param{
					{Name: "name", Kind: module.String, Required: true, Doc: "what is waited for, as a person says it"},
					{Name: "every", Kind: module.Duration, Default: 5 * time.Second, Doc: "between two calls"},
					{Name: "timeout", Kind: module.Duration, Default: 5 * time.Minute, Doc: "after which the wait fails with the code timeout"},
					{Name: "deadline", Kind: module.Number, Doc: "the time at which it fails so instead, in seconds since 1970 UTC: a run that died meanwhile does not wait for longer"},
				}},
				{Name: "check", Kind: module.Function, Required: true},
			},
			Returns: module.Result{Type: "any", Doc: "what the function returned"},
			Errors:  []action.Code{action.CodeTimeout},
			Wait:    waitUntil,
		},
		{
			Name:    "confirm",
			Doc:     "Asks a yes-or-no question. --yes answers yes; a dry run assumes yes.",
			Params:  []module.Param{{Name: "question", Kind: module.String, Required: true}},
			Returns: module.Result{Type: "boolean", Doc: "the answer"},
			Errors:  []action.Code{action.CodeDeclined},
			Control: func(ctx context.Context, a module.Args) (any, error) { return r.confirm(ctx, a.String("question")) },
		},
		{
			Name: "ask",
			Doc: "Asks for the value of a parameter that has a question (ask = …) and was not given with -p.\n" +
				"Without a terminal it fails, and says which -p answers it; a dry run assumes the default or the first value allowed.",
			Params:  []module.Param{{Name: "parameter", Kind: module.String, Required: true}},
			Returns: module.Result{Type: "any", Doc: "the parameter's value"},
			Errors:  []action.Code{action.CodeDeclined},
			Control: func(ctx context.Context, a module.Args) (any, error) { return r.ask(ctx, a.String("parameter")) },
		},
		{
			Name:     "operator",
			Doc:      "Tells who runs this, for lists of who did what. After a resume that is who took the run up again.",
			Returns:  module.Result{Type: "string", Doc: "user@host, as the run's record has them"},
			Examples: []string{`log("restarted by " .. operator())`},
			Control:  func(ctx context.Context, _ module.Args) (any, error) { return r.operator(ctx) },
		},
		{
			Name: "remember",
			Doc: "Returns a value and writes it down: a run that is taken up again gets what was written down.\n" +
				"It is for what one branch of parallel sees of another, which may be at another place when the run is taken up again.",
			Params:   []module.Param{{Name: "value", Kind: module.Any, Doc: "data: no functions, and no secrets"}},
			Returns:  module.Result{Type: "any", Doc: "the value, or what was written down there"},
			Examples: []string{`if remember(shared.done) then return end`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return r.remember(ctx, a["value"]) },
		},
		{
			Name: "verdict",
			Doc:  "Says how the site is. The last verdict of a run sets its exit code: degraded 10, down 11, unknown 12.",
			Params: []module.Param{
				{Name: "state", Kind: module.String, Required: true, Enum: states},
				{Name: "reason", Kind: module.String},
			},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, r.setVerdict(ctx, a) },
		},
		{
			Name:   "on_exit",
			Doc:    "Calls a function when the run ends, also when it fails or is interrupted. The last one added is called first.",
			Params: []module.Param{{Name: "cleanup", Kind: module.Function, Required: true}},
			Control: func(ctx context.Context, a module.Args) (any, error) {
				return nil, r.onExit(ctx, a["cleanup"].(module.Callback))
			},
		},
	}}
}

func skip(reason string) error {
	return &action.Error{Code: action.CodeSkipped, Message: reason, Cause: errSkip}
}

func (r *run) log(ctx context.Context, a module.Args) error {
	logged, err := Logged(a, r.cfg.Redactor)
	if err != nil {
		return err
	}
	return r.shown(ctx, logged)
}

func (r *run) show(ctx context.Context, a module.Args) error {
	shown, err := Shown(a, r.cfg.Redactor)
	if err != nil {
		return err
	}
	return r.shown(ctx, shown)
}

// shown writes down what the script shows, with the branch that shows it.
func (r *run) shown(ctx context.Context, s *journal.Show) error {
	return r.tell(journal.Record{Kind: journal.KindShow, Branch: script.FrameOf(ctx).Branch, Show: s})
}

func (r *run) sleep(ctx context.Context, a module.Args) error {
	d, _ := a.Duration("duration")
	slept, err := r.recall(ctx, "sleep")
	if slept != nil || err != nil {
		return err
	}
	r.Status(script.FrameOf(ctx).Branch, "sleeping "+d.String())
	if err := r.cfg.Mode.Clock.Sleep(ctx, d); err != nil {
		return err
	}
	return r.keep(ctx, "sleep", d.Seconds(), false)
}

func (r *run) confirm(ctx context.Context, question string) (bool, error) {
	if past, err := r.recallAnswer(ctx, question); past != nil || err != nil {
		yes, _ := past.(bool)
		return yes, err
	}
	reply, err := discreet{r.cfg.Mode.People, r.cfg.Redactor}.Confirm(ctx, question)
	if err != nil {
		return false, r.unanswered(err)
	}
	yes, _ := reply.Value.(bool)
	return yes, r.answered(ctx, "", question, []string{"yes", "no"}, reply)
}

func (r *run) ask(ctx context.Context, name string) (any, error) {
	param := r.param(name)
	switch {
	case param == nil:
		return nil, action.Errorf(action.CodeScript, "ask: this runbook has no parameter %q%s", name, module.Suggest(name, r.paramNames()))
	case param.Ask == "":
		return nil, action.Errorf(action.CodeScript, "ask: the parameter %q has no question: add ask = \"…\" to it", name)
	}
	past, err := r.recallAnswer(ctx, param.Ask)
	if err != nil {
		return nil, err
	}
	switch {
	case past != nil && r.cfg.Past.replayed() && param.Secret:
		return masked, nil
	case past != nil && !param.Secret:
		r.gate.Turn(param.Ask, script.Typed(past))
		return param.Parse(script.Typed(past))
	}
	reply, err := r.reply(ctx, param)
	if err != nil || past != nil {
		return reply.Value, err // a secret was written down only as such, so it is read again
	}
	return reply.Value, r.answered(ctx, name, param.Ask, param.Enum, shownReply(param, reply))
}

// reply is the value that a person gave beforehand, or gives now.
func (r *run) reply(ctx context.Context, param *script.Param) (Reply, error) {
	if given, ok := r.given[param.Name]; ok {
		return Reply{Value: given, By: "-p"}, nil
	}
	reply, err := r.cfg.Mode.People.Ask(ctx, param)
	if err != nil {
		return reply, r.unanswered(err)
	}
	if param.Secret && !r.hide(script.Typed(reply.Value), reply.Value) {
		r.tellExposed(param.Name)
	}
	return reply, nil
}

// unanswered ends the run: silence is no answer that a script could go on with.
func (r *run) unanswered(err error) error {
	r.haltNow(err)
	return err
}

// shownReply is a reply as it is written down: as it would be typed, and never a secret.
func shownReply(param *script.Param, reply Reply) Reply {
	switch value := reply.Value.(type) {
	case time.Duration:
		reply.Value = value.String()
	}
	if param.Secret {
		reply.Value = masked
	}
	return reply
}

// masked is what is written down for a secret. The redactor would hide it as well, unless it is too short to be hidden anywhere.
const masked = action.Masked

// answered writes an answer down, and, when nobody gave it, that the run goes on with an assumption.
func (r *run) answered(ctx context.Context, name, question string, choices []string, reply Reply) error {
	value, err := json.Marshal(reply.Value)
	if err != nil {
		return action.Errorf(action.CodeInternal, "the answer to %q cannot be written down: %w", question, err)
	}
	answer := &journal.Answer{Name: name, Question: question, Value: value, By: reply.By}
	r.gate.Turn(question, script.Typed(reply.Value))
	branch := script.FrameOf(ctx).Branch
	if err := r.write(journal.Record{Kind: journal.KindAnswer, Branch: branch, Answer: answer}); err != nil || !reply.Assumed {
		return err
	}
	r.gate.Guess()
	assumed := &journal.Assume{Name: question, Assumed: script.Typed(reply.Value), Choices: choices}
	if reply.Value == true {
		assumed.Assumed = "yes"
	}
	return r.write(journal.Record{Kind: journal.KindAssume, Branch: branch, Assume: assumed})
}

func (r *run) setVerdict(ctx context.Context, a module.Args) error {
	v := &journal.Verdict{State: a.String("state"), Reason: a.String("reason"), Assumed: r.gate.Guessed()}
	r.mu.Lock()
	r.verdict = v
	r.mu.Unlock()
	return r.tell(journal.Record{Kind: journal.KindVerdict, Branch: script.FrameOf(ctx).Branch, Verdict: v})
}

// waitUntil is the wait of a script's own function. No intended state can hold what it looks for.
func waitUntil(a module.Args) (action.Wait, error) {
	every, _ := a.Duration("every")
	timeout, _ := a.Duration("timeout")
	pace := action.Pace{Every: every, Timeout: timeout}
	if deadline, given := a.Number("deadline"); given {
		pace.Deadline = time.UnixMilli(int64(math.Round(deadline * 1000)))
	}
	return &scriptWait{name: a.String("name"), check: a["check"].(module.Callback), pace: pace}, nil
}

type scriptWait struct {
	name  string
	check module.Callback
	pace  action.Pace
}

// Scripted says that to look is to run the script.
func (w *scriptWait) Scripted() {}

func (w *scriptWait) Describe() action.Description {
	return action.Description{Verb: "wait_until", Target: action.Target{System: "script", Kind: "condition", Name: w.name}}
}

func (w *scriptWait) Check(ctx context.Context, _ action.View) (action.Progress, error) {
	value, err := w.check(ctx)
	if err != nil {
		return action.Progress{}, err
	}
	if _, err := json.Marshal(value); err != nil {
		return action.Progress{}, action.Errorf(action.CodeInvalid, "wait_until: the function must return data, which can be written down: %w", err)
	}
	return action.Progress{Met: value != nil && value != false, Value: value}, nil
}

func (w *scriptWait) Assume(context.Context, action.View) ([]action.Change, error) { return nil, nil }

func (w *scriptWait) Pace() action.Pace { return w.pace }
