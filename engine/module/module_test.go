package module

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

var list = Func{
	Name: "list",
	Params: []Param{
		{Name: "kind", Kind: String, Required: true},
		{Name: "options", Kind: Object, Fields: []Param{
			{Name: "selector", Kind: String},
			{Name: "limit", Kind: Integer, Default: int64(500), Min: Bound(1), Max: Bound(1000)},
			{Name: "timeout", Kind: Duration},
			{Name: "names", Kind: Strings},
			{Name: "order", Kind: String, Enum: []string{"name", "age"}},
		}},
	},
}

func bind(values ...any) (Args, error) {
	m := &Module{Name: "site", Funcs: []Func{list}}
	return m.Func("list").Bind(m, values)
}

func TestBindFillsInAndConverts(t *testing.T) {
	args, err := bind("pods", map[string]any{"timeout": "90s", "names": []any{"a"}, "limit": 3.0})
	require.NoError(t, err)
	assert.Equal(t, Args{"kind": "pods", "timeout": 90 * time.Second, "names": []string{"a"}, "limit": int64(3)}, args)

	args, err = bind("pods")
	require.NoError(t, err)
	assert.Equal(t, Args{"kind": "pods", "limit": int64(500)}, args)

	args, err = bind("pods", map[string]any{"names": map[string]any{}, "timeout": 1.5})
	require.NoError(t, err)
	assert.Equal(t, []string{}, args.Strings("names"), "an empty table is an empty list")
	assert.Equal(t, 1500*time.Millisecond, args["timeout"])
}

func TestOneTextOrSeveral(t *testing.T) {
	p := Param{Kind: Texts}
	for _, c := range []struct {
		given any
		want  any
	}{{"a", []string{"a"}}, {[]any{"a", "b"}, []string{"a", "b"}}, {[]any{}, []string{}}, {map[string]any{}, []string{}}, {nil, nil}} {
		got, err := p.Check(c.given, "f: p")
		require.NoError(t, err)
		assert.Equal(t, c.want, got)
	}
	for _, given := range []any{1.0, []any{1.0}, map[string]any{"a": "b"}} {
		_, err := p.Check(given, "f: p")
		require.ErrorContains(t, err, "f: p must be a string or a list of strings, not ")
	}
}

// A function may have two tables of options: what stands in the wrong one is no misspelling.
func TestAnOptionInTheWrongTable(t *testing.T) {
	m := &Module{Name: "site"}
	f := &Func{Name: "find", Params: []Param{
		{Name: "root", Kind: String},
		{Name: "filter", Kind: Object, Fields: []Param{{Name: "name", Kind: String}}},
		{Name: "options", Kind: Object, Fields: []Param{{Name: "on", Kind: String}}},
	}}
	for _, c := range []struct {
		values       []any
		message, tip string
	}{
		{[]any{"/", map[string]any{"on": "rack-1"}}, "site.find: on stands in filter, and belongs into options", "site.find(root, filter, { on = … })"},
		{[]any{"/", nil, map[string]any{"name": "a"}}, "site.find: name stands in options, and belongs into filter", "site.find(root, { name = … })"},
		{[]any{"/", map[string]any{"onn": "a"}}, `site.find has no option "onn"; there is name`, ""},
	} {
		_, err := f.Bind(m, c.values)
		require.EqualError(t, err, c.message)
		e, _ := errors.AsType[*action.Error](err)
		require.Equal(t, c.tip, e.Hint)
	}
}

func TestBindSaysWhatIsWrong(t *testing.T) {
	for message, values := range map[string][]any{
		`site.list: kind is missing: a string`:                                                                             {},
		`site.list: kind must be a string, not the number 3`:                                                               {3.0},
		`site.list takes at most 2 arguments, got 3`:                                                                       {"pods", nil, nil},
		`site.list has no option "selectr"; did you mean "selector"?`:                                                      {"pods", map[string]any{"selectr": "a=b"}},
		`site.list has no option "zzz"; there is limit, names, order, selector, timeout`:                                   {"pods", map[string]any{"zzz": 1.0}},
		`site.list: limit must be at most 1000, got 1001`:                                                                  {"pods", map[string]any{"limit": 1001.0}},
		`site.list: limit must be at least 1, got 0`:                                                                       {"pods", map[string]any{"limit": 0.0}},
		`site.list: limit must be a whole number, not the number 1.5`:                                                      {"pods", map[string]any{"limit": 1.5}},
		`site.list: timeout must be a duration such as "90s", "5m" or "7d", or a number of seconds, not the string "soon"`: {"pods", map[string]any{"timeout": "soon"}},
		`site.list: timeout must not be negative, got -1s`:                                                                 {"pods", map[string]any{"timeout": -1.0}},
		`site.list: names must be a list of strings, not a list`:                                                           {"pods", map[string]any{"names": []any{1.0}}},
		`site.list: order must be one of name, age, got "agee"; did you mean "age"?`:                                       {"pods", map[string]any{"order": "agee"}},
		`site.list: options must be a table, not the string "app=x"`:                                                       {"pods", "app=x"},
	} {
		_, err := bind(values...)
		require.Error(t, err, message)
		assert.Equal(t, message, err.Error())
		assert.Equal(t, action.CodeInvalid, action.CodeOf(err))
	}
}

func TestNearest(t *testing.T) {
	names := []string{"list", "get", "delete", "scale"}
	assert.Equal(t, "list", Nearest("lst", names))
	assert.Equal(t, "delete", Nearest("Delete", names))
	assert.Empty(t, Nearest("frobnicate", names))
}

// Names of several words are near by each of their words: a part that is the same, _than, makes no opposite of what was meant likely.
func TestNearestOfSeveralWords(t *testing.T) {
	names := []string{"older_than", "min_size", "name", "status_page", "rack-1"}
	for typed, meant := range map[string]string{
		"larger_than": "", "max_size": "", "younger_than": "", "oldr_than": "older_than", "older_then": "older_than", "olderthan": "older_than", "older-than": "older_than",
		"minimum_size": "min_size", "minsize": "min_size", "statuspage": "status_page", "page_status": "", "_size": "min_size", "rack-2": "rack-1",
	} {
		assert.Equal(t, meant, Nearest(typed, names), typed)
	}
}
