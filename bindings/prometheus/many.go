package prometheus

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

func expressionsParam() module.Param {
	return module.Param{
		Name: "expressions", Kind: module.Object, Required: true,
		Doc: "PromQL expressions by names of your own; all are checked before anything is sent",
	}
}

// together is what both functions say about many at once.
const together = `All are asked for the same time, several at once. One that cannot be answered does not lose the others: its state is "error", reason says
why, and code what kind of failure it is; what failed for the moment is asked once more before. Only when not one could be asked, because
the server is away or does not let us in, that error is raised.`

func (b *binding) valuesFunc() module.Func {
	return module.Func{
		Name:    "values",
		Doc:     "Asks for many numbers at once, each as by value.\n\n" + together,
		Params:  []module.Param{expressionsParam(), instantParam()},
		Returns: module.Result{Type: "table<string, prometheus.Value>", Doc: "by the names of the expressions, what value gives"},
		Errors:  asking,
		Examples: []string{
			`local found = prometheus.values({ up = "sum(up)", queue = "sum(photon_queue_depth)" })
log({ up = found.up.value, queue = found.queue.value or found.queue.reason })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			one := func(ctx context.Context, e expression, at time.Time, timeout time.Duration) (any, error) {
				return b.single(ctx, e, at, timeout)
			}
			return b.newMany("prometheus.values", parseSingle, one, args)
		},
	}
}

func (b *binding) queryAllFunc() module.Func {
	return module.Func{
		Name:    "query_all",
		Doc:     "Asks for many expressions at once, each as by query.\n\n" + together,
		Params:  []module.Param{expressionsParam(), instantParam()},
		Returns: module.Result{Type: "table<string, prometheus.Result>", Doc: `by the names of the expressions, what query gives; the type of one that failed is "error"`},
		Errors:  asking,
		Examples: []string{
			`local found = prometheus.query_all({ devices = "photon_device_status", errors = "topk(5, sum by (error_type) (increase(photon_compilation_errors_total[7d])))" })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			one := func(ctx context.Context, e expression, at time.Time, timeout time.Duration) (any, error) {
				return b.query(ctx, e, at, timeout)
			}
			return b.newMany("prometheus.query_all", parse, one, args)
		},
	}
}

// A manyRead is one call that asks for many expressions. The gate asks it again when something failed for the moment: then it asks only for
// what it has not got yet.
type manyRead struct {
	b           *binding
	verb        string
	expressions map[string]expression
	instant     instant
	one         func(context.Context, expression, time.Time, time.Duration) (any, error)
	args        module.Args

	at    time.Time      // when it was asked first
	got   map[string]any // what was answered
	again bool           // what failed for the moment was asked once more
}

func (b *binding) newMany(
	verb string, parse func(where, text string) (expression, error),
	one func(context.Context, expression, time.Time, time.Duration) (any, error), args module.Args,
) (action.Read, error) {
	named, err := namedTexts(verb, args["expressions"])
	if err != nil {
		return nil, err
	}
	r := &manyRead{b: b, verb: verb, one: one, args: args, expressions: map[string]expression{}, got: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if r.expressions[name], err = parse(verb+": "+name, named[name]); err != nil {
			return nil, err
		}
	}
	r.instant, err = instantOf(verb, args)
	return r, err
}

// namedTexts are the expressions of a call by name.
func namedTexts(verb string, v any) (map[string]string, error) {
	if raw, ok := v.(json.RawMessage); ok {
		var decoded map[string]any
		if err := json.Unmarshal(raw, &decoded); err != nil {
			return nil, action.Errorf(action.CodeInvalid, "%s: expressions must be a table of names and expressions: %w", verb, err)
		}
		v = decoded
	}
	table, _ := v.(map[string]any)
	out := make(map[string]string, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		text, ok := table[name].(string)
		if !ok {
			return nil, action.Errorf(action.CodeInvalid, "%s: %s must be an expression, which is a string", verb, name)
		}
		out[name] = text
	}
	return out, nil
}

func (r *manyRead) Describe() action.Description {
	texts := make(map[string]any, len(r.expressions))
	for name, e := range r.expressions {
		texts[name] = e.text
	}
	return action.Description{
		Verb: r.verb, Target: action.Target{System: system, Kind: "queries"}, Idempotent: true,
		Identity: append([]action.Arg{{Name: "expressions", Value: texts}}, given(r.args, "time", "timeout")...),
	}
}

func (r *manyRead) Read(ctx context.Context, _ action.View) (any, error) {
	if r.at.IsZero() {
		r.at = r.instant.when.in(present(ctx))
	}
	failed := r.askAll(ctx)
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		switch err := failed[name]; {
		case ctx.Err() != nil:
			return nil, err
		case err.Retryable && !r.again:
			r.again = true
			return nil, err
		}
	}
	if err := r.nobodyAnswers(failed); err != nil {
		return nil, err
	}
	out := maps.Clone(r.got)
	for name, err := range failed {
		out[name] = failure{Type: isError, State: isError, Reason: err.Message, Code: string(err.Code), Time: seconds(r.at)}
	}
	return module.Raw(out)
}

// A failure stands where an answer would.
type failure struct {
	Type   string  `json:"type"`
	State  string  `json:"state"`
	Reason string  `json:"reason"`
	Code   string  `json:"code"`
	Time   float64 `json:"time"`
}

// askAll asks for all that was not answered yet, some at once, and returns what failed.
func (r *manyRead) askAll(ctx context.Context) map[string]*action.Error {
	var mu sync.Mutex
	var all sync.WaitGroup
	failed := map[string]*action.Error{}
	free := make(chan struct{}, r.b.AtOnce)
	for _, name := range r.missing() {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			value, err := r.one(ctx, r.expressions[name], r.at, r.instant.timeout)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[name] = asError(err)
				return
			}
			r.got[name] = value
		})
	}
	all.Wait()
	return failed
}

// missing are the names of what was not answered yet, in order. It is taken before anything is asked.
func (r *manyRead) missing() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(r.expressions)), func(name string) bool {
		_, known := r.got[name]
		return known
	})
}

// nobodyAnswers is the error of a call of which nothing could be asked, for a reason that is not in the expressions.
func (r *manyRead) nobodyAnswers(failed map[string]*action.Error) error {
	if len(r.got) > 0 || len(failed) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(failed))
	for _, name := range names {
		if code := failed[name].Code; code == action.CodeRejected || code == action.CodeInvalid {
			return nil // the server answers, and does not like what it is asked
		}
	}
	return failed[names[0]]
}

func asError(err error) *action.Error {
	if e, ok := err.(*action.Error); ok { //nolint:errorlint // what is wrapped has said less
		return e
	}
	return action.Errorf(action.CodeInternal, "%w", err)
}
