package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"sigs.k8s.io/yaml"
)

// A transcript is a file of requests and of what a real API server answered:
//
//	# what this is about
//	> PATCH /api/v1/namespaces/{namespace}/pods/web?dryRun=All
//	@ as oncall
//	{"metadata": {"labels": {"a": "b"}}}
//	< 403
//	kind: Status
//	...
//
// Bodies are YAML, sent as JSON. What differs between two servers that do the same is written in its stead: {namespace}, {uid 1} by
// order of appearance, {revision 1} likewise, {time}, {hash} and {random} of generated names. Lines with @ are directives:
//
//	as USER               who asks; admin if not given
//	type TYPE             json, merge, strategic or apply of a patch, or a media type; application/json if not given
//	accept TYPE           a media type
//	show PATH, PATH       only that of the answer, as gjson paths
//	managers              shows who manages the fields, too
//	keep NAME PATH        what {NAME} is from here on
//	until PATH VALUE      asks again until the answer says so
//	raw                   the body as it stands
//
// RUNBOOK_RECORD=1 with the lab writes the answers anew; the simulated cluster has no say in them.

// An exchange is one request of a transcript, with its answer.
type exchange struct {
	head       []string // comments, request line and directives, as they stand
	request    []string // the body of the request, as it stands
	answer     []string // as it stands, its first line with the status
	method     string
	path       string
	directives map[string][]string
}

func (s *site) transcript(path string) {
	text, err := os.ReadFile(path)
	require.NoError(s, err)
	exchanges := parseTranscript(s, string(text))
	p := &pen{site: s, known: map[string]string{s.namespace: "{namespace}"}, kept: map[string]string{"namespace": s.namespace}}
	var out strings.Builder
	for _, e := range exchanges {
		got := p.exchange(e)
		fmt.Fprintf(&out, "%s\n%s", strings.Join(append(e.head, e.request...), "\n"), got)
		if !s.record {
			want := strings.TrimSpace(strings.Join(e.answer, "\n")) + "\n"
			if want != got {
				s.Errorf("%s: %s %s\n%s", path, e.method, e.path, udiff.Unified("expected", "answered", want, got))
			}
		}
		out.WriteString("\n")
	}
	if s.record {
		require.NoError(s, os.WriteFile(path, []byte(strings.TrimSuffix(out.String(), "\n")), 0o600))
	}
}

func parseTranscript(s *site, text string) (out []*exchange) {
	var e *exchange
	part := func() *[]string { return &e.head }
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		isHead := strings.HasPrefix(line, "#") || strings.HasPrefix(line, ">")
		if isHead && (e == nil || e.method != "") {
			e = &exchange{directives: map[string][]string{}}
			out = append(out, e)
			part = func() *[]string { return &e.head }
		}
		switch {
		case e == nil || line == "" && len(e.request)+len(e.answer) == 0:
			continue
		case strings.HasPrefix(line, "> "):
			method, path, found := strings.Cut(line[2:], " ")
			require.True(s, found, line)
			e.method, e.path = method, path
		case strings.HasPrefix(line, "@ "):
			name, value, _ := strings.Cut(line[2:], " ")
			e.directives[name] = append(e.directives[name], value)
		case strings.HasPrefix(line, "< ") && len(e.answer) == 0:
			part = func() *[]string { return &e.answer }
		case !isHead && len(e.answer) == 0:
			part = func() *[]string { return &e.request }
		}
		*part() = append(*part(), line)
	}
	return out
}

func (e *exchange) directive(name string) string { return strings.Join(e.directives[name], ", ") }

func (e *exchange) has(name string) bool { return len(e.directives[name]) > 0 }

func (r *reply) String() string { return fmt.Sprintf("%d %s", r.code, r.body) }

// A pen writes answers down.
type pen struct {
	site            *site
	known           map[string]string // what stands for a value of this site
	kept            map[string]string // what a name stands for
	uids, revisions int
}

var patchTypes = map[string]string{
	"json": "application/json-patch+json", "merge": "application/merge-patch+json",
	"strategic": "application/strategic-merge-patch+json", "apply": "application/apply-patch+yaml",
}

// exchange makes the request, and returns the answer as it is written down.
func (p *pen) exchange(e *exchange) string {
	p.site.Helper()
	var got reply
	c := p.call(e)
	user := "admin"
	if e.has("as") {
		user = e.directive("as")
	}
	field, value, _ := strings.Cut(e.directive("until"), " ")
	p.site.eventually(func() bool {
		got = p.site.ask(p.site.Context(), user, c)
		return field == "" || gjson.GetBytes(got.body, field).String() == value
	}, "%s %s: %s", e.method, e.path, &got)
	for _, keep := range e.directives["keep"] {
		name, path, _ := strings.Cut(keep, " ")
		p.kept[name] = gjson.GetBytes(got.body, path).String()
	}
	return p.written(e, got)
}

func (p *pen) call(e *exchange) call {
	c := call{method: e.method, path: p.filled(e.path), header: map[string][]string{}}
	c.contentType = e.directive("type")
	if known := patchTypes[c.contentType]; known != "" {
		c.contentType = known
	}
	if e.has("accept") {
		c.header.Set("Accept", e.directive("accept"))
	}
	body := strings.TrimSpace(p.filled(strings.Join(e.request, "\n")))
	if e.has("raw") || body == "" {
		c.body = []byte(body)
		return c
	}
	raw, err := yaml.YAMLToJSON([]byte(body))
	require.NoError(p.site, err, body)
	c.body = raw
	return c
}

// filled puts what was kept for its name.
func (p *pen) filled(text string) string {
	for name, value := range p.kept {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

func (p *pen) written(e *exchange, got reply) string {
	out := fmt.Sprintf("< %d\n", got.code)
	for _, warning := range got.warnings {
		out += "! " + p.plain(warning) + "\n"
	}
	var body any
	if strings.Contains(got.header.Get("Content-Type"), "yaml") {
		raw, err := yaml.YAMLToJSON(got.body)
		require.NoError(p.site, err)
		got.body = raw
	}
	if err := json.Unmarshal(got.body, &body); err != nil {
		return strings.TrimSpace(out+p.plain(string(got.body))) + "\n"
	}
	if e.has("show") {
		body = shown(got.body, e.directive("show"))
	} else if o, ok := body.(object); ok {
		body = tidy(o, e.has("managers"))
	}
	text, err := yaml.Marshal(p.normal(body, ""))
	require.NoError(p.site, err)
	return out + string(text)
}

func shown(body []byte, paths string) any {
	out := object{}
	for path := range strings.SplitSeq(paths, ", ") {
		out[path] = gjson.GetBytes(body, path).Value()
	}
	return out
}
