package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

const whole = `name: photon
kubernetes:
  kubeconfig: /etc/photon/kubeconfig
  context: photon-prod
  namespace: photon-mlir
  production: [photon-prod, photon-eu]
prometheus:
  url: https://metrics.example.com/prometheus
  http_config: /etc/photon/metrics.yaml
commands:
  reads:
    - [df, -h]
    - [cat, "*"]
    - [ls, ...]
hosts:
  rack-1:
    ssh: admin@rack-1.example.com
    config: /etc/photon/ssh
    sessions: 50
    reads:
      - [photon-debug, --list-devices]
  toolbox: {pod: deployment/photon-toolbox, namespace: photon-tools, container: tools}
`

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Site
	}{
		"whole": {whole, Site{
			Name: "photon",
			Kubernetes: Kubernetes{
				Kubeconfig: "/etc/photon/kubeconfig", Context: "photon-prod", Namespace: "photon-mlir", Production: []string{"photon-prod", "photon-eu"},
			},
			Prometheus: Prometheus{URL: "https://metrics.example.com/prometheus", HTTPConfig: "/etc/photon/metrics.yaml"},
			Commands:   Commands{Reads: action.Commands{{"df", "-h"}, {"cat", "*"}, {"ls", "..."}}},
			Hosts: map[string]Host{
				"rack-1":  {SSH: "admin@rack-1.example.com", Config: "/etc/photon/ssh", Sessions: 50, Reads: action.Commands{{"photon-debug", "--list-devices"}}},
				"toolbox": {Pod: "deployment/photon-toolbox", Namespace: "photon-tools", Container: "tools"},
			},
		}},
		"empty":            {"", Site{}},
		"only comments":    {"# nothing yet\n", Site{}},
		"null":             {"null\n", Site{}},
		"empty section":    {"kubernetes:\ncommands:\n", Site{}},
		"document marks":   {"---\nname: photon\n...\n", Site{Name: "photon"}},
		"scalars are text": {"name: 12\nkubernetes: {context: true, namespace: 2026-11-23}\n", Site{Name: "12", Kubernetes: Kubernetes{Context: "true", Namespace: "2026-11-23"}}},
		"an anchor":        {"name: &n photon\nkubernetes: {context: *n}\n", Site{Name: "photon", Kubernetes: Kubernetes{Context: "photon"}}},
		"no reference":     {"name: ${env:HOME}\n", Site{Name: "${env:HOME}"}}, // nothing here is a secret, so nothing is looked up
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse([]byte(c.text))
			require.NoError(t, err)
			assert.Equal(t, &c.want, s)
		})
	}
}

func TestParseSaysWhatIsWrongAndWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, message string }{
		"misspelt section":    {"name: x\nkubernets: {}\n", `line 2: there is no field "kubernets" here; did you mean "kubernetes"?`},
		"misspelt field":      {"kubernetes:\n  contxt: x\n", `line 2: there is no field "contxt" here; did you mean "context"?`},
		"field elsewhere":     {"namespace: x\n", `line 1: there is no field "namespace" here; there is commands, hosts, kubernetes, name, prometheus, s3`},
		"nothing is near":     {"commands:\n  zzz: x\n", `line 2: there is no field "zzz" here; there is reads`},
		"our own field":       {"path: x\n", `line 1: there is no field "path" here; there is commands, hosts, kubernetes, name, prometheus, s3`},
		"two at once":         {"nam: x\nkubernetes:\n  contxt: x\n", "line 1: there is no field \"nam\" here; did you mean \"name\"?\nline 3: there is no field \"contxt\" here; did you mean \"context\"?"},
		"twice":               {"name: x\nkubernetes: {}\nname: y\n", `line 3: mapping key "name" already defined at line 1`},
		"twice inside":        {"kubernetes:\n  context: x\n  context: y\n", `line 3: mapping key "context" already defined at line 2`},
		"text for section":    {"kubernetes: photon\n", `line 1: this must be fields with names, not "photon"`},
		"list for section":    {"kubernetes:\n  - photon\n", `line 2: this must be fields with names, not a list`},
		"text for file":       {"photon\n", `line 1: this must be fields with names, not "photon"`},
		"text for list":       {"kubernetes:\n  production: photon\n", `line 2: this must be a list of texts, not "photon"`},
		"fields for text":     {"name:\n  is: photon\n", `line 2: this must be a text, not fields with names`},
		"list for text":       {"name: [photon]\n", `line 1: this must be a text, not a list`},
		"text for command":    {"commands:\n  reads:\n    - df -h\n", `line 3: this must be a list of texts, not "df -h"`},
		"fields for reads":    {"commands:\n  reads: {df: x}\n", `line 2: this must be a list of commands, each a list of words, not fields with names`},
		"empty command":       {"commands:\n  reads:\n    - [df]\n    - []\n", `line 4: commands.reads[1]: a pattern begins with the name of a command: [df, -h]`},
		"null command":        {"commands:\n  reads:\n    - ~\n", `line 3: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"null word":           {"commands:\n  reads: [[~]]\n", `line 2: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"any command":         {"commands:\n  reads:\n    - ['*', x]\n", `line 3: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"all commands":        {"commands:\n  reads:\n    - [...]\n", `line 3: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"rest in between":     {"commands:\n  reads:\n    - [cat, ..., -n]\n", `line 3: commands.reads[0]: "..." stands for the rest of a command, so nothing can follow it`},
		"through an alias":    {"kubernetes: {production: &p ['*']}\ncommands: {reads: [*p]}\n", `line 2: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"through a merge":     {"commands:\n  <<: {reads: [[]]}\n", `line 2: commands.reads[0]: a pattern begins with the name of a command: [df, -h]`},
		"no address":          {"prometheus:\n  url: '::'\n", `line 2: prometheus.url: this is no address, such as http://prometheus:9090`},
		"no scheme":           {"name: x\nprometheus: {url: \"prometheus:9090\"}\n", `line 2: prometheus.url: an address begins with http:// or https://, such as http://prometheus:9090`},
		"no host":             {"prometheus:\n  http_config: x\n  url: http://:9090\n", `line 3: prometheus.url: this address names no host: http://prometheus:9090`},
		"a query":             {"prometheus:\n  url: http://u:hunter2@x/?a=b\n", `line 2: prometheus.url: an address ends with its path: what is asked comes after it`},
		"misspelt address":    {"prometheus:\n  ulr: http://x\n", `line 2: there is no field "ulr" here; there is http_config, url`},
		"a host by nothing":   {"hosts:\n  a: {reads: [[df]]}\n", `line 2: hosts.a: a host is reached in one way: give ssh or pod`},
		"a host by both":      {"hosts:\n  a: {ssh: x, pod: pod/y}\n", `line 2: hosts.a: a host is reached in one way: give ssh or pod`},
		"this machine":        {"hosts:\n  localhost: {ssh: x}\n", `line 2: hosts.localhost: this is the machine on which runbook runs: it needs no entry`},
		"a nameless host":     {"hosts:\n  '': {ssh: x}\n", `line 2: hosts.: this is the machine on which runbook runs: it needs no entry`},
		"an option for ssh":   {"hosts:\n  a:\n    ssh: -oProxyCommand=rm\n", `line 3: hosts.a.ssh: this is no destination for ssh, such as rack-1 or admin@rack-1.example.com`},
		"a command for ssh":   {"hosts:\n  a:\n    ssh: rack-1 df\n", `line 3: hosts.a.ssh: this is no destination for ssh, such as rack-1 or admin@rack-1.example.com`},
		"sessions below zero": {"hosts:\n  a:\n    ssh: x\n    sessions: -1\n", `line 4: hosts.a.sessions: a number of commands is not negative`},
		"a namespace of ssh":  {"hosts:\n  a:\n    ssh: x\n    namespace: y\n", `line 4: hosts.a.namespace: only a pod is in a namespace`},
		"a container of ssh":  {"hosts:\n  a:\n    ssh: x\n    container: y\n", `line 4: hosts.a.container: only a pod has containers`},
		"no kind of pod":      {"hosts:\n  a:\n    pod: web\n", `line 3: hosts.a.pod: it is written as kind and name, such as "deployment/photon-toolbox"`},
		"another kind of pod": {"hosts:\n  a:\n    pod: deploymnt/web\n", `line 3: hosts.a.pod: a pod is not taken of a deploymnt; did you mean "deployment"?`},
		"a pod's ssh":         {"hosts:\n  a:\n    pod: pod/web\n    config: x\n", `line 4: hosts.a.config: only ssh has a configuration file`},
		"sessions of a pod":   {"hosts:\n  a:\n    pod: pod/web\n    sessions: 3\n", `line 4: hosts.a.sessions: only ssh shares connections`},
		"any command there":   {"hosts:\n  a:\n    ssh: x\n    reads: [[df], ['*']]\n", `line 4: hosts.a.reads[1]: a pattern begins with the name of a command: [df, -h]`},
		"misspelt in a host":  {"hosts:\n  a: {shh: x}\n", `line 2: there is no field "shh" here; did you mean "ssh"?`},
		"text for a host":     {"hosts:\n  a: rack-1\n", `line 2: this must be fields with names, not "rack-1"`},
		"second document":     {"name: x\n---\nname: y\n", `line 2: a site file is one document, and here a second one begins`},
		"indentation":         {"name: x\n context: y\n", `line 2: mapping values are not allowed in this context`},
		"unclosed":            {"name: x\nkubernetes: {context: [\n", `line 2: did not find expected node content`},
		"tab":                 {"name: x\nkubernetes:\n\tcontext: y\n", `line 3: found character that cannot start any token`},
		"tab at the start":    {"\tname: x\n", `line 1: found character that cannot start any token`},
		"unknown anchor":      {"name: x\nkubernetes:\n  context: *there\n", `line 3: unknown anchor 'there' referenced`},
		"control character":   {"name: x\n# \x01\n", `line 2: control characters are not allowed`},
		"merge of a text":     {"name: x\nkubernetes:\n  <<: y\n", `line 3: map merge requires map or sequence of maps as the value`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse([]byte(c.text))
			require.EqualError(t, err, c.message)
			assert.Equal(t, action.CodeInvalid, action.CodeOf(err))
			assert.Nil(t, s)
		})
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	t.Chdir(folder)

	s, err := Load("")
	require.NoError(t, err, "without a file there is nothing to know")
	assert.Equal(t, &Site{}, s)

	_, err = Load("elsewhere.yaml")
	require.ErrorIs(t, err, os.ErrNotExist, "a file that was named has to be there")
	assert.Equal(t, action.CodeInvalid, action.CodeOf(err))

	_, err = Load(folder)
	assert.ErrorContains(t, err, "cannot read the site file: read "+folder)

	write(FileName, "name: here\n")
	s, err = Load("")
	require.NoError(t, err)
	assert.Equal(t, &Site{Name: "here", Path: FileName}, s)

	beside, err := Load(write("beside.yaml", "kubernetes: {kubeconfig: keys/config}\n"))
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "keys", "config"), beside.Kubernetes.Kubeconfig, "a path is meant from the file that it is in")
	metrics, err := Load(write("metrics.yaml", "prometheus: {url: 'http://x:9090', http_config: keys/metrics.yaml}\n"))
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "keys", "metrics.yaml"), metrics.Prometheus.HTTPConfig)
	rack, err := Load(write("hosts.yaml", "hosts: {rack-1: {ssh: rack-1, config: ssh_config}, rack-2: {ssh: x, config: /etc/ssh}, rack-3: {ssh: y}}\n"))
	require.NoError(t, err)
	assert.Equal(t, map[string]Host{
		"rack-1": {SSH: "rack-1", Config: filepath.Join(folder, "ssh_config")}, "rack-2": {SSH: "x", Config: "/etc/ssh"}, "rack-3": {SSH: "y"},
	}, rack.Hosts)
	absolute, err := Load(write("absolute.yaml", "kubernetes: {kubeconfig: /etc/config}\n"))
	require.NoError(t, err)
	assert.Equal(t, "/etc/config", absolute.Kubernetes.Kubeconfig)

	other := write("other.yaml", "name: there\n")
	s, err = Load(other)
	require.NoError(t, err)
	assert.Equal(t, &Site{Name: "there", Path: other}, s)

	_, err = Load(write("wrong.yaml", "nam: x\n"))
	require.EqualError(t, err, filepath.Join(folder, "wrong.yaml")+`: line 1: there is no field "nam" here; did you mean "name"?`)
	assert.Equal(t, action.CodeInvalid, action.CodeOf(err))
}

// Whatever the text is, it is a site or an error that names a line of it.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		whole, "", "nam: x", "name: [", "name: *x", "commands: {reads: [[...]]}", "a: 1\n---\nb: 2", "commands: &a\n  <<: *a\n", "\xff\xfea\x00", "name: !!binary x", "\r",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse(text)
		if err == nil {
			for _, pattern := range s.Commands.Reads {
				require.NotEmpty(t, pattern)
				require.NotContains(t, []string{"", "*", "..."}, pattern[0])
			}
			return
		}
		require.Nil(t, s)
		require.Equal(t, action.CodeInvalid, action.CodeOf(err))
		for message := range strings.SplitSeq(err.Error(), "\nline ") {
			require.Regexp(t, `^(line )?[1-9]\d*: .`, message)
		}
	})
}
