package scenario

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
)

// shelves are a near and a far folder of scenarios.
func shelves(near, far map[string]string) Shelves {
	folder := func(files map[string]string) fstest.MapFS {
		out := fstest.MapFS{}
		for name, text := range files {
			out[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return out
	}
	return Shelves{Folders: []Shelf{{"near", folder(near)}, {"far", folder(far)}}}
}

const site = `
summary: all is well
clock: 2026-11-24T03:00:00Z
read_only: true
kubernetes:
  namespace: photon-mlir
  manifests:
    - file: site.txt
    - {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: photon-mlir}, spec: {replicas: 3, paused: true}}
  behaviour: [{be: healthy, ready: 2s}]
host: {commands: [{argv: [df]}]}
prometheus:
  series:
    - {series: up, values: 1x10}
    - {series: down, values: 0x10}
timeline:
  - {at: 10s, delete: pod/a}
faults: [{on: "* pods", answer: 500}]
`

const objects = "apiVersion: v1\nkind: Namespace\nmetadata: {name: photon-mlir}\n---\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"

func TestAScenarioExtendsAnother(t *testing.T) {
	s, err := shelves(map[string]string{
		"healthy.yaml": "extends: healthy\nread_only: true\n",
		"crash.yaml": `
summary: two pods crash
extends: healthy
kubernetes:
  user: oncall
  manifests: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: photon-mlir}, spec: {replicas: 5}}]
  behaviour: [{pods: app=web, be: crash-loop}]
host: {commands: [{argv: [df], stdout: full}]}
prometheus: {series: [{series: up, values: 0x10}]}
timeline: [{at: -10m, become: crash-loop, pods: app=web, count: 2, logs: "panic"}]
faults: [{on: delete pods, answer: 409}]
`,
	}, map[string]string{"healthy.yaml": site, "site.txt": objects}).Load("crash")
	require.NoError(t, err)
	require.Equal(t, "crash", s.Name)
	require.Equal(t, "near/crash.yaml", s.Path)
	require.Equal(t, "two pods crash", s.Summary)
	require.False(t, s.ReadOnly, "what a scenario is for is not inherited")
	require.Equal(t, time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), s.Starts())
	require.Equal(t, "photon-mlir", s.Kubernetes.Namespace)
	require.Equal(t, "oncall", s.Kubernetes.User)

	var kinds []string
	for _, m := range s.Kubernetes.Manifests {
		for _, o := range m.Objects {
			kinds = append(kinds, workload.Text(o, "kind"))
		}
	}
	require.Equal(t, []string{"Namespace", "ConfigMap", "Deployment"}, kinds)
	require.Equal(t, map[string]any{"replicas": int64(5), "paused": true}, s.Kubernetes.Manifests[1].Objects[0]["spec"])
	require.Equal(t, []How{CrashLoop, Healthy}, []How{s.Kubernetes.Behaviour[0].Be, s.Kubernetes.Behaviour[1].Be})
	require.Equal(t, 2*time.Second, s.Kubernetes.Behaviour[1].Ready)
	require.Equal(t, []Series{{Series: "up", Values: "0x10"}, {Series: "down", Values: "0x10"}}, s.Prometheus.Series)
	require.Equal(t, []Answer{{Argv: []string{"df"}, Stdout: "full"}, {Argv: []string{"df"}}}, s.Host.Commands)
	require.Equal(t, -10*time.Minute, s.Timeline[0].At)
	require.Equal(t, "panic", s.Timeline[0].Logs)
	require.Equal(t, "pod/a", s.Timeline[1].Delete)
	require.Equal(t, []string{"409", "500"}, []string{s.Faults[0].Answer, s.Faults[1].Answer})
}

func TestADigestChangesWithWhateverAScenarioIsMadeOf(t *testing.T) {
	digest := func(own, base, manifests string) string {
		s, err := shelves(map[string]string{"a.yaml": own}, map[string]string{"healthy.yaml": base, "site.txt": manifests}).Load("a")
		require.NoError(t, err)
		return s.Digest
	}
	first := digest("extends: healthy", site, objects)
	require.Equal(t, first, digest("extends: healthy", site, objects))
	require.NotEqual(t, first, digest("extends: healthy\nsummary: x", site, objects))
	require.NotEqual(t, first, digest("extends: healthy", site+"#", objects))
	require.NotEqual(t, first, digest("extends: healthy", site, objects+"#"))
}

func TestWhatIsWrongIsSaidWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ text, message string }{
		"field":      {"kubernets: {}", `near/a.yaml: line 1: there is no field "kubernets" here; did you mean "kubernetes"?`},
		"deep field": {"timeline:\n  - at: 1m\n    becom: oom", `near/a.yaml: line 3: there is no field "becom" here; did you mean "become"?`},
		"inlined":    {"timeline:\n  - at: 1m\n    log: x", `near/a.yaml: line 3: there is no field "log" here; did you mean "logs"?`},
		"type":       {"timeline:\n  - at: soon", `near/a.yaml: line 2: this must be a duration such as 90s, 5m, 1h30m or 7d, not "soon"`},
		"number":     {"faults:\n  - {on: kubernetes, answer: 500, times: many}", `near/a.yaml: line 2: this must be a whole number, not "many"`},
		"list":       {"faults:\n  on: kubernetes", `near/a.yaml: line 2: this must be a list, not fields with names`},
		"clock":      {"clock: yesterday", `near/a.yaml: line 1: this must be a time such as 2026-11-24T03:00:00Z, not "yesterday"`},
		"way":        {"kubernetes:\n  behaviour:\n    - be: crashloop", `near/a.yaml: line 3: kubernetes.behaviour[0].be: no pod behaves "crashloop"; did you mean "crash-loop"?`},
		"selector":   {"kubernetes:\n  behaviour:\n    - pods: a=b=c\n      be: oom", `near/a.yaml: line 3: kubernetes.behaviour[0].pods: "a=b=c" is no label selector such as app=web: found '=', expected: ',' or 'end of string'`},
		"usage":      {"kubernetes:\n  behaviour:\n    - be: oom\n      usage: {cpu: lots}", `near/a.yaml: line 4: kubernetes.behaviour[0].usage: "lots" is no quantity such as 250m or 512Mi`},
		"manifest":   {"kubernetes:\n  manifests:\n    - {kind: Pod, metadata: {name: a}}", `near/a.yaml: line 3: kubernetes.manifests[0]: an object has no apiVersion`},
		"file":       {"kubernetes:\n  manifests:\n    - file: gone.yaml", `near/a.yaml: line 3: kubernetes.manifests[0]: cannot read the file: open gone.yaml: file does not exist`},
		"above":      {"kubernetes:\n  manifests:\n    - file: ../x.yaml", `near/a.yaml: line 3: kubernetes.manifests[0]: "../x.yaml" is not in the scenario's folder or below it: its path begins there, has slashes and goes nowhere up`},
		"no argv":    {"host:\n  commands:\n    - {stdout: x}", `near/a.yaml: line 3: host.commands[0]: a command needs argv: [df, -h]`},
		"inlined 2":  {"host:\n  commands:\n    - argv: [df]\n      stdot: x", `near/a.yaml: line 4: there is no field "stdot" here; did you mean "stdout"?`},
		"any read":   {"host:\n  commands:\n    - argv: [\"*\"]\n      reads: true", `near/a.yaml: line 3: host.commands[0].argv: a command that only looks begins with the name of a program: [df, -h]`},
		"exit code":  {"host:\n  commands:\n    - argv: [df]\n      exit_code: 256", `near/a.yaml: line 4: host.commands[0].exit_code: an exit code is from 0 to 255`},
		"takes":      {"host:\n  commands:\n    - argv: [df]\n      takes: -1s", `near/a.yaml: line 4: host.commands[0].takes: a duration is not negative here`},
		"lags":       {"devices:\n  d1:\n    driver: x\n    lags: -1s", `near/a.yaml: line 4: devices.d1.lags: a duration is not negative here`},
		"pod argv":   {"kubernetes:\n  commands:\n    - {pods: a=b}", `near/a.yaml: line 3: kubernetes.commands[0]: a command needs argv: [df, -h]`},
		"no event":   {"timeline:\n  - at: 1m", `near/a.yaml: line 2: timeline[0]: an event is one of become, apply, patch, delete, device, file, disk, object and fault, and this has none of them`},
		"two events": {"timeline:\n  - {at: 1m, become: oom, delete: pod/x}", `near/a.yaml: line 2: timeline[0]: an event is one of become, apply, patch, delete, device, file, disk, object and fault, and this has become and delete`},
		"patch":      {"timeline:\n  - {at: 1m, patch: web, with: {a: 1}}", `near/a.yaml: line 2: timeline[0].patch: "web" is not of the form kind/name`},
		"fault":      {"faults:\n  - {on: delete pods, answer: broken}", `near/a.yaml: line 2: faults[0].answer: "broken" is neither an HTTP status from 400 to 599 nor one of timeout, cut, half, slow`},
		"status":     {"faults:\n  - {on: delete pods, answer: 200}", `near/a.yaml: line 2: faults[0].answer: 200 is no HTTP status from 400 to 599`},
		"later":      {"timeline:\n  - {at: 1m, fault: {on: delete pods, answer: slow}}", `near/a.yaml: line 2: timeline[0].fault: takes: a slow answer says how long it takes: takes: 5s`},
		"base":       {"# x\nextends: helthy", `near/a.yaml: line 2: there is no scenario "helthy"; did you mean "healthy"?`},
		"circle":     {"extends: b", `near/a.yaml extends too many others: near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml, near/a.yaml, near/b.yaml`},
		"size":       {"host:\n  disks:\n    /: {size: large}", `near/a.yaml: line 3: "large" is no size: a number of bytes, or a text such as 10MiB or 20GB`},
		"owner":      {"host:\n  files:\n    - {path: /a, owner: 'a:b:c'}", `near/a.yaml: line 3: host.files[0].owner: "a:b:c" is no owner such as photon or photon:photon`},
		"overfull":   {"host:\n  disks:\n    /: {size: 1MiB, used: 2MiB}", `near/a.yaml: line 3: host.disks./.used: more is used than there is`},
		"negative":   {"s3:\n  buckets:\n    box:\n      objects:\n        - {key: a, size: -1}", `near/a.yaml: line 5: "-1" is no size: a number of bytes, or a text such as 10MiB or 20GB`},
		"both":       {"host:\n  files:\n    - {path: /a, content: x, size: 1MiB}", `near/a.yaml: line 3: host.files[0].size: a file has a content or a size`},
		"both 2":     {"s3:\n  buckets:\n    box:\n      objects:\n        - {key: a, content: x, size: 1MiB}", `near/a.yaml: line 5: s3.buckets.box.objects[0].size: an object has a content or a size`},
		"old name":   {"s3:\n  buckets:\n    box:\n      objects:\n        - {key: a, text: x}", `near/a.yaml: line 5: there is no field "text" here; there is age, content, content_type, count, key, metadata, size, storage_class`},
		"huge":       {"s3:\n  buckets:\n    box:\n      objects:\n        - {key: a, size: 6TiB}", `near/a.yaml: line 5: s3.buckets.box.objects[0].size: an object has at most 5497558138880 bytes`},
		"on":         {"timeline:\n  - {at: 1s, become: oom, on: rack-1}", `near/a.yaml: line 2: timeline[0].on: only files and disks are on a machine`},
		"every":      {"timeline:\n  - {at: 1s, file: /a, every: 1ms, with: {append: x}}", `near/a.yaml: line 2: timeline[0].every: from one time to the next it is a second or more`},
		"times":      {"timeline:\n  - {at: 1s, file: /a, times: 2, with: {append: x}}", `near/a.yaml: line 2: timeline[0].times: times is how often it happens, with every: 10s`},
		"no change":  {"timeline:\n  - {at: 1s, file: /a}", `near/a.yaml: line 2: timeline[0].file: a file needs what changes: with: {append: "{time} ERROR no link\n"}`},
		"two":        {"timeline:\n  - {at: 1s, file: /a, with: {append: x, gone: true}}", `near/a.yaml: line 2: timeline[0].file: with: one of content, append, size, grows and gone`},
		"misspelt":   {"timeline:\n  - {at: 1s, file: /a, with: {apend: x}}", `near/a.yaml: line 2: timeline[0].file: with: there is no field "apend" here; did you mean "append"?`},
		"no path":    {"timeline:\n  - {at: 1s, file: a, with: {append: x}}", `near/a.yaml: line 2: timeline[0].file: "a" is no absolute path such as /var/log/app.log`},
		"no host":    {"hosts: {rack-1: {}}\ntimeline:\n  - {at: 1s, file: /a, on: rack1, with: {append: x}}", `near/a.yaml: line 3: there is no host "rack1"; did you mean "rack-1"?`},
		"no disk":    {"hosts: {rack-1: {disks: {/var: {}}}}\ntimeline:\n  - {at: 1s, disk: /vra, on: rack-1, with: {grows: 1GiB}}", `near/a.yaml: line 3: rack-1 has no disk at "/vra"; did you mean "/var"?`},
		"no bucket":  {"s3: {buckets: {box: {}}}\ntimeline:\n  - {at: 1s, object: bux/a, with: {content: x}}", `near/a.yaml: line 3: there is no bucket "bux"; did you mean "box"?`},
		"no device":  {"timeline:\n  - {at: 1s, device: envise-9, with: {state: offline}}", `near/a.yaml: line 2: there is no device "envise-9"`},
		"no key":     {"s3: {buckets: {box: {}}}\ntimeline:\n  - {at: 1s, object: box, with: {content: x}}", `near/a.yaml: line 3: timeline[0].object: "box" is not of the form bucket/key`},
		"lost fault": {"hosts: {rack-1: {}}\nfaults:\n  - {on: remove files, namespace: rack-2, answer: cut}", `near/a.yaml: line 3: there is no host "rack-2"; did you mean "rack-1"?`},
		"df twice":   {"host:\n  disks: {/: {}}\n  commands:\n    - {argv: [df, -h], stdout: full}", `the scenario near/a.yaml: host has disks, from which df answers, and says in host.commands what df prints: leave out one of both`},
		"documents":  {"summary: x\n---\nsummary: y", `near/a.yaml: line 2: a scenario is one document, and here a second one begins`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := shelves(map[string]string{"a.yaml": c.text, "b.yaml": "extends: a"}, map[string]string{"healthy.yaml": ""}).Load("a")
			require.EqualError(t, err, c.message)
		})
	}
}

// What only a simulated system can tell is told with its line as well.
func TestTheSystemsCheckTheirParts(t *testing.T) {
	s := shelves(map[string]string{"a.yaml": "extends: healthy\nprometheus:\n  series:\n    - series: up\n      values: many\n"}, map[string]string{"healthy.yaml": ""})
	s.Check = func(s *Scenario) (out []Problem) {
		for i, series := range s.Prometheus.Series {
			if series.Values == "many" {
				out = append(out, Problem{[]any{"prometheus", "series", i, "values"}, "this is no series"})
			}
		}
		return out
	}
	_, err := s.Load("a")
	require.EqualError(t, err, "near/a.yaml: line 5: prometheus.series[0].values: this is no series")
}

func TestNames(t *testing.T) {
	s := shelves(map[string]string{"a.yaml": ""}, map[string]string{"a.yaml": "", "b.yaml": "", "c.txt": ""})
	names, err := s.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, names)
	_, err = s.Load("d")
	require.EqualError(t, err, `there is no scenario "d"; there is a, b`)
	_, err = s.Load("../d")
	require.EqualError(t, err, `"../d" is no name of a scenario`)
	_, err = s.Load("gone/d.yaml")
	require.ErrorContains(t, err, "cannot read the scenario: open gone/d.yaml")
}

func TestInline(t *testing.T) {
	s := shelves(nil, map[string]string{"healthy.yaml": site, "site.txt": objects})
	got, err := s.Inline([]byte(`{"extends": "healthy", "kubernetes": {"user": "viewer"}}`), "a test")
	require.NoError(t, err)
	require.Equal(t, "viewer", got.Kubernetes.User)
	require.Equal(t, "photon-mlir", got.Kubernetes.Namespace)
	_, err = s.Inline([]byte(`{"kubernetes": {"manifests": [{"file": "site.txt"}]}}`), "a test")
	require.EqualError(t, err, "a test: line 1: kubernetes.manifests[0]: a scenario that is in no folder cannot name a file")
}

func FuzzScenario(f *testing.F) {
	f.Add(site)
	f.Add("extends: a\ntimeline: [{at: 1s, become: oom}]")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := shelves(map[string]string{"a.yaml": text}, nil).Load("a")
		require.Equal(t, s == nil, err != nil, "either a scenario or an error")
	})
}
