package kubernetes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
)

// What is looked for first keeps no line from matching: the expression alone has the say.
func TestTheMatcherIsTheExpression(t *testing.T) {
	expressions := []string{
		"error", "error|fatal", "(?i)error|FATAL", "err(or)?", "a+b", "e[rx]ror", "^error", "timeout after [0-9]+s", "(?i)k", "ſ", "(?i)straße",
		"", "x?", "error|", "(error|warn): disk", "(?i:Error)|warn", "a|b|c|d|e|f|g|h|i", `\[E\]`,
	}
	words := []string{"error", "ERROR", "Fatal", "warn: disk", "timeout after 3s", "\u212a", "K", "ſ", "STRASSE", "strasse", "straße", "aab", "[E]", "é", "", "x"}
	rapid.Check(t, func(t *rapid.T) {
		expression := rapid.SampledFrom(expressions).Draw(t, "expression")
		ignore := rapid.Bool().Draw(t, "ignore case")
		line := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 4).Draw(t, "words"), " ")
		parsed, err := parseGrep("f", expression, ignore)
		require.NoError(t, err)
		plain := expression
		if ignore {
			plain = "(?i)" + plain
		}
		require.Equal(t, regexp.MustCompile(plain).MatchString(line), newMatcher(parsed).match([]byte(line)), "%q in %q", plain, line)
	})
	parsed, err := parseGrep("f", "error|fatal", true)
	require.NoError(t, err)
	m := newMatcher(parsed)
	require.Equal(t, [][]byte{[]byte("error"), []byte("fatal")}, m.words)
	require.True(t, m.enough && m.fold)
	_, err = parseGrep("kubernetes.logs", "a(", false)
	require.ErrorContains(t, err, `kubernetes.logs: grep "a(" is no RE2 expression: `)
}

func TestLinesOfALog(t *testing.T) {
	long := strings.Repeat("x", longestLine+1000)
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"a", []string{"a"}},
		{"a\n\nb\n", []string{"a", "", "b"}},
		{long + "\nb", []string{long[:longestLine], "b"}},
		{"a\n" + long, []string{"a", long[:longestLine]}},
		{strings.Repeat("y", 300<<10) + "\n", []string{strings.Repeat("y", 300<<10)}},
	} {
		var got []string
		require.NoError(t, readLines(strings.NewReader(c.text), func(line []byte) { got = append(got, string(line)) }))
		require.Equal(t, c.want, got)
	}
	require.ErrorIs(t, readLines(io.MultiReader(strings.NewReader("a\nb"), broke{}), func([]byte) {}), io.ErrUnexpectedEOF)
}

type broke struct{}

func (broke) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestATailIsBounded(t *testing.T) {
	texts := func(t *tail) (out []string) {
		for _, line := range t.kept() {
			out = append(out, line.text)
		}
		return out
	}
	fill := func(most, limit, lines int) *tail {
		kept := &tail{most: most, limit: limit, cut: func(s string) string { return s }}
		for i := range lines {
			kept.add(time.Time{}, fmt.Appendf(nil, "line %d", i))
		}
		return kept
	}
	require.Equal(t, []string{"line 8", "line 9"}, texts(fill(2, 1000, 10)))
	require.False(t, fill(2, 1000, 10).dropped)
	require.Equal(t, []string{"line 8", "line 9"}, texts(fill(-1, 2*leastLine, 10)), "what is kept is the end")
	require.True(t, fill(-1, 2*leastLine, 10).dropped)
	require.Equal(t, []string{"lin"}, texts(fill(-1, 3, 10)))
	require.Empty(t, texts(fill(0, 1000, 10)))
	require.LessOrEqual(t, len(fill(5, 1000, 100_000).lines), 200, "the memory does not grow with the log")
	empty := &tail{most: -1, limit: 1 << 20}
	for range 1 << 20 {
		empty.add(time.Time{}, nil)
	}
	require.Len(t, empty.kept(), 1<<20/leastLine, "nor with lines in which there is nothing")
	require.True(t, empty.dropped)

	secrets := &tail{most: 1, limit: 14, cut: func(s string) string { return strings.ReplaceAll(s, "hunter2hunter2", action.Masked) }}
	secrets.add(time.Time{}, []byte("password hunter2hunter2"))
	require.Equal(t, []string{"password [secr"}, texts(secrets), "no half of a secret")
}

// logServer serves one pod's log as a kubelet does.
func logServer(log []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		part := log
		if n, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil {
			part = part[max(0, len(part)-n):]
		}
		_, _ = io.WriteString(w, strings.Join(part, ""))
	}
}

const twoContainers = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop","uid":"u"},"spec":{"nodeName":"n",` +
	`"initContainers":[{"name":"init"}],"containers":[{"name":"main"},{"name":"side"}]}}`

// The last matching lines are looked for from the end, in growing pieces.
func TestGrepLooksFromTheEnd(t *testing.T) {
	var log []string
	for i := range 100_000 {
		word := "fine"
		if i%5_000 == 0 {
			word = "ERROR"
		}
		log = append(log, fmt.Sprintf("%s %d\n", word, i))
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{
		"GET " + podsPath + "/a":     answerJSON(200, twoContainers),
		"GET " + podsPath + "/a/log": logServer(log),
	})
	asked := func() (out []string) {
		for _, r := range s.requests("GET") {
			if strings.HasSuffix(r.path, "/log") {
				out = append(out, r.query)
			}
		}
		s.asked = nil
		return out
	}
	require.Equal(t, []string{"ERROR 90000", "ERROR 95000"}, d.read("logs", "a", opts("grep", "error", "ignore_case", true, "tail", 2.0)))
	require.Equal(t, []string{"container=main&tailLines=2000", "container=main&tailLines=32000"}, asked())
	require.Len(t, d.read("logs", "a", opts("grep", "ERROR", "tail", 100.0)), 20, "all there are")
	require.Equal(t, []string{"container=main&tailLines=2000", "container=main&tailLines=32000", "container=main&tailLines=512000"}, asked())
	require.Equal(t, []string{"fine 99998", "fine 99999"}, d.read("logs", "a", opts("grep", "fine", "tail", 2.0)))
	require.Len(t, asked(), 1)
	require.Len(t, d.read("logs", "a", opts("grep", "ERROR", "tail", -1.0)), 20)
	require.Equal(t, []string{"container=main"}, asked())
	require.Equal(t, []string{"fine 99999"}, d.read("logs", "a", opts("tail", -1.0, "limit_bytes", 12.0)), "the end is kept")
}

func TestAllContainersOfOnePod(t *testing.T) {
	answer := func(w http.ResponseWriter, r *http.Request) {
		switch c := r.URL.Query().Get("container"); c {
		case "side":
			failure(400, "BadRequest", `container "side" in pod "a" is waiting to start: ContainerCreating`)(w, r)
		default:
			_, _ = io.WriteString(w, c+" 1\n"+c+" 2\n")
		}
	}
	d, s := stubbed(t, map[string]http.HandlerFunc{"GET " + podsPath + "/a": answerJSON(200, twoContainers), "GET " + podsPath + "/a/log": answer})
	require.Equal(t, []string{"init 1", "init 2", "main 1", "main 2"}, d.read("logs", "a", opts("all_containers", true)))
	_, err := d.tryRead("logs", "a", opts("container", "side"))
	require.Equal(t, action.CodeRejected, action.CodeOf(err))
	require.Contains(t, hintOf(err), "its containers are main, side, init")

	s.answers["GET "+podsPath+"/a/log"] = failure(403, "Forbidden", "no")
	_, err = d.tryRead("logs", "a", opts("all_containers", true))
	require.Equal(t, action.CodeForbidden, action.CodeOf(err), "what may not be read is no container without a log")

	s.answers["GET "+podsPath+"/a/log"] = failure(400, "BadRequest", "not found")
	_, err = d.tryRead("logs", "a", opts("all_containers", true, "previous", true))
	require.Error(t, err, "none has a log")
	for _, bad := range []map[string]any{opts("all_containers", true, "container", "main"), opts("ignore_case", true), opts("grep", "(")} {
		f, args := d.bind("logs", []any{"a", bad})
		_, err := f.Read(args)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	}
}

// Many pods, one of each kind of trouble: nothing that could be read is lost, and what could not is told.
func TestLogsOfManyPods(t *testing.T) {
	podNamed := func(name string) object {
		pod, err := decode([]byte(strings.ReplaceAll(twoContainers, `"name":"a"`, `"name":"`+name+`"`)))
		require.NoError(t, err)
		return pod
	}
	stamped := func(lines ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("timestamps") != "true" {
				failure(500, "", "no timestamps were asked for")(w, r)
				return
			}
			_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n")
		}
	}
	answers := map[string]http.HandlerFunc{
		"GET " + podsPath:            answerJSON(200, page(t, "", podNamed("a"), podNamed("b"), podNamed("c"), podNamed("d"))),
		"GET " + podsPath + "/a/log": stamped("2026-11-24T02:00:00.5Z error one", "2026-11-24T02:00:02Z fine", "2026-11-24T02:00:04Z error four"),
		"GET " + podsPath + "/b/log": stamped("2026-11-24T02:00:03.000000001Z error three", "2026-11-24T02:00:03Z", "no time: an error"),
		"GET " + podsPath + "/c/log": failure(400, "BadRequest", `container "main" in pod "c" is waiting to start: ContainerCreating`),
		"GET " + podsPath + "/d/log": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "2026-11-24T02:00:01Z error two\n")
		},
	}
	d, _ := stubbed(t, answers)
	said := d.read("logs_of", "app=web", opts("grep", "error", "tail", 4.0)).(map[string]any)
	var texts []string
	for _, line := range said["lines"].([]any) {
		line := line.(map[string]any)
		texts = append(texts, fmt.Sprint(line["time"], " ", line["pod"], "/", line["container"], ": ", line["text"]))
	}
	require.Equal(t, []string{
		"2026-11-24T02:00:01Z d/main: error two",
		"2026-11-24T02:00:03.000000001Z b/main: error three",
		"2026-11-24T02:00:03.000000001Z b/main: no time: an error",
		"2026-11-24T02:00:04Z a/main: error four",
	}, texts)
	require.Equal(t, int64(2), said["failed"])
	sources := said["sources"].([]any)
	require.Equal(t, map[string]any{
		"pod": "a", "namespace": "shop", "container": "main", "lines": []string{"error one", "error four"}, "truncated": false,
	}, sources[0])
	require.ErrorContains(t, fmt.Errorf("%v", sources[2].(map[string]any)["error"]), "is waiting to start: ContainerCreating")
	require.Contains(t, sources[3].(map[string]any)["error"], "the connection was lost")
	require.Equal(t, []string{"error two"}, sources[3].(map[string]any)["lines"], "what came before the connection broke")

	var s *stub
	d, s = stubbed(t, answers)
	// Where nothing can be read at all, the call fails, and a busy server is asked again by the gate.
	for code, want := range map[int]action.Code{403: action.CodeForbidden, 429: action.CodeThrottled, 500: action.CodeUnavailable} {
		for _, name := range []string{"a", "b", "c", "d"} {
			s.answers["GET "+podsPath+"/"+name+"/log"] = failure(code, "", "no")
		}
		_, err := d.tryRead("logs_of", "app=web")
		require.Equal(t, want, action.CodeOf(err))
		require.Equal(t, code != 403, asError(t, err).Retryable)
	}
	// Where nothing has run yet, there is just nothing.
	for _, name := range []string{"a", "b", "c", "d"} {
		s.answers["GET "+podsPath+"/"+name+"/log"] = failure(400, "BadRequest", "waiting to start")
	}
	require.Equal(t, int64(4), d.read("logs_of", "app=web").(map[string]any)["failed"])
	require.Equal(t, map[string]any{"lines": []any{}, "sources": []any{}, "failed": int64(0)}, d.read("logs_of", []any{}))
}

func TestLogsOfIsBounded(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	answers := map[string]http.HandlerFunc{}
	var pods []any
	for i := range 40 {
		name := fmt.Sprint("p", i)
		pods = append(pods, json.RawMessage(strings.ReplaceAll(twoContainers, `"name":"a"`, `"name":"`+name+`"`)))
		answers["GET "+podsPath+"/"+name+"/log"] = func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			_, _ = w.Write(bytes.Repeat([]byte("2026-11-24T02:00:00Z x\n"), 1000))
			mu.Lock()
			now--
			mu.Unlock()
		}
	}
	d, _ := stubbed(t, answers)
	said := d.read("logs_of", pods, opts("tail", 3.0, "limit_bytes", 2.0)).(map[string]any)
	require.LessOrEqual(t, most, logsAtOnce)
	require.Len(t, said["lines"], 3)
	require.Equal(t, true, said["sources"].([]any)[0].(map[string]any)["truncated"])
}

func TestLogsOfArguments(t *testing.T) {
	d, _ := stubbed(t, nil)
	pod := json.RawMessage(twoContainers)
	for _, values := range [][]any{
		{"not a selector!"}, {""}, {pod}, {[]any{pod, "pod/x"}}, {[]any{pod}, opts("namespace", "other")}, {float64(3)},
	} {
		f, args := d.bind("logs_of", values)
		_, err := f.Read(args)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err), values)
	}
	describe := func(values ...any) action.Description {
		f, args := d.bind("logs_of", values)
		read, err := f.Read(args)
		require.NoError(t, err)
		return read.Describe()
	}
	one := describe([]any{pod}, opts("grep", "x"))
	require.Equal(t, action.Target{System: "kubernetes", Kind: "pods", Scope: "shop"}, one.Target)
	require.NotEqual(t, one.Canonical(), describe([]any{pod}).Canonical())
	elsewhere := json.RawMessage(strings.ReplaceAll(twoContainers, `"shop"`, `"other"`))
	require.Empty(t, describe([]any{pod, elsewhere}).Target.Scope)
	require.Len(t, describe("app=web").Permissions, 2)
}

func BenchmarkGrep(b *testing.B) {
	log := bytes.Repeat([]byte("2026-11-24T02:00:00.000000000Z INFO request served id=0001 path=/v1/compile status=200 took=12ms tenant=team-1\n"), 50_000)
	parsed, err := parseGrep("f", "error|fatal", true)
	require.NoError(b, err)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		m := newMatcher(parsed)
		_ = readLines(bytes.NewReader(log), func(line []byte) { m.match(line) })
	}
}
