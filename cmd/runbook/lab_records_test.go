//go:build lab

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A record is a file in which a server of the site writes down what it was asked, beside the API server's audit log.
type record struct {
	file string // in the lab's folder of logs
	// change tells what a line says was changed by somebody who is not of the lab itself, "" if nothing.
	change func(t *testing.T, line string) string
}

var (
	storeLine   = regexp.MustCompile(`^(\S+) .* s3_(\w+) `)
	adminLine   = regexp.MustCompile(`^\[[^\]]+\] \S+ \S+ \S+ \S+ (/\S*) `) // when, from where, who, which, operation, URI
	silenceLine = regexp.MustCompile(`msg="(create|expire|update) silence"`)
)

// The store's interface for administrators has one method for all, and one name for two operations. Its paths tell.
var adminLooks = []string{"/list-users", "/list-buckets"}

var siteRecords = []record{
	{"versitygw-access.log", func(_ *testing.T, line string) string {
		m := storeLine.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[1], "LABSTAGEHAND") || regexp.MustCompile("^(Get|Head|List)").MatchString(m[2]) {
			return ""
		}
		return m[2]
	}},
	{"versitygw-admin.log", func(_ *testing.T, line string) string {
		m := adminLine.FindStringSubmatch(line)
		if m == nil || slices.Contains(adminLooks, m[1]) {
			return ""
		}
		return m[1]
	}},
	{"rack-commands.jsonl", func(t *testing.T, line string) string {
		var login struct{ Command *string }
		require.NoError(t, json.Unmarshal([]byte(line), &login), line)
		if login.Command == nil {
			return "an interactive login"
		}
		if looksOnRack(*login.Command) {
			return ""
		}
		return *login.Command
	}},
	{"devices.jsonl", func(t *testing.T, line string) string {
		var call struct {
			Argv    []string
			Changed bool
		}
		require.NoError(t, json.Unmarshal([]byte(line), &call), line)
		if !call.Changed {
			return ""
		}
		return strings.Join(call.Argv, " ")
	}},
	{"webhook.jsonl", func(t *testing.T, line string) string {
		var got struct{ Path string }
		require.NoError(t, json.Unmarshal([]byte(line), &got), line)
		if got.Path == "/alertmanager" {
			return "" // what fires is no run's doing
		}
		return "webhook " + got.Path
	}},
	{"mail.jsonl", func(t *testing.T, line string) string {
		var got struct{ From, Subject string }
		require.NoError(t, json.Unmarshal([]byte(line), &got), line)
		if strings.HasPrefix(got.From, "alertmanager@") {
			return ""
		}
		return "mail " + got.Subject
	}},
	{"alertmanager.log", func(_ *testing.T, line string) string { return silenceLine.FindString(line) }},
}

// changes are what the site's servers say was changed while fn ran, but for the API server, which has its audit log.
func (l lab) changes(t *testing.T, fn func()) []string {
	t.Helper()
	path := func(r record) string { return filepath.Join(l.folder, "logs", r.file) }
	begin := map[string]int{}
	for _, r := range siteRecords {
		begin[r.file] = len(readIfThere(t, path(r)))
	}
	fn()
	var found []string
	for _, r := range siteRecords {
		for line := range bytes.Lines(readIfThere(t, path(r))[begin[r.file]:]) {
			if change := r.change(t, string(line)); change != "" {
				found = append(found, r.file+": "+change)
			}
		}
	}
	return found
}

// readIfThere reads a record, which some servers begin with the first thing that they have to write down.
func readIfThere(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return text
}

// inert asserts that the site's servers were only looked at while fn ran, by their own records.
func (l lab) inert(t *testing.T, fn func()) {
	t.Helper()
	changed := l.changes(t, func() {
		for _, e := range l.audited(t, fn) {
			assert.True(t, looks(e), "%s %s", e["verb"], e["requestURI"])
		}
	})
	assert.Empty(t, changed)
}

// ports are those of the lab's servers, by name.
func (l lab) ports(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.folder, "state.json"))
	require.NoError(t, err)
	var state struct{ Ports map[string]int }
	require.NoError(t, json.Unmarshal(text, &state))
	return state.Ports
}

// url is where a server of the lab answers.
func (l lab) url(t *testing.T, port string) string {
	t.Helper()
	ports := l.ports(t)
	require.NotZero(t, ports[port], port)
	return fmt.Sprintf("http://127.0.0.1:%d", ports[port])
}

// Records that never tell of a change would prove that a dry run is inert, whatever it did.
func TestLabRecordsTellOfChanges(t *testing.T) {
	l := openLab(t)
	send := func(method, url, body string, status int) {
		request, err := http.NewRequest(method, url, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, status, response.StatusCode, url)
	}
	post := func(url, body string) { send(http.MethodPost, url, body, http.StatusOK) }
	changed := l.changes(t, func() {
		// Nobody signed these. An attempt is a change.
		for _, path := range []string{"/list-users", "/create-user"} {
			send(http.MethodPatch, l.url(t, "versitygw")+path, "", http.StatusForbidden)
		}
		post(l.url(t, "webhook")+"/status-page", `{}`)
		post(l.url(t, "alertmanager")+"/api/v2/silences", `{"matchers":[{"name":"alertname","value":"NoSuchAlert","isRegex":false}],
			"startsAt":"2026-01-01T00:00:00Z","endsAt":"2099-01-01T00:00:00Z","createdBy":"a test","comment":"of the records"}`)
	})
	assert.Equal(t, []string{
		"versitygw-admin.log: /create-user",
		"webhook.jsonl: webhook /status-page",
		`alertmanager.log: msg="create silence"`,
	}, changed)

	filling := string(readIfThere(t, filepath.Join(l.folder, "logs", "versitygw-access.log")))
	assert.Contains(t, filling, "s3_PutObject", "the store's record tells of what the lab itself put there")
	assert.Equal(t, "PutObject", siteRecords[0].change(t, strings.ReplaceAll(lineWith(filling, "s3_PutObject "), "LABSTAGEHAND", "LABADMIN")))
}

func TestLabRackRecordsTellOfChanges(t *testing.T) {
	l := openLab(t)
	require.NotZero(t, l.ports(t)["sshd"], "the lab has no devices: it began without the OpenSSH server, package openssh-server")
	login := func(args ...string) {
		out, err := exec.Command("ssh", append([]string{"-F", filepath.Join(l.folder, "ssh_config"), "rack-1"}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	t.Cleanup(func() {
		out, err := exec.Command(l.command, "device", "--dir", l.folder, "envise-2", "offline").CombinedOutput()
		assert.NoError(t, err, string(out))
	})
	changed := l.changes(t, func() {
		login("photon-debug", "--list-devices")
		login("find cache -name '*.mlirbc' -mtime +7")
		login("lightmatter-cli", "reset", "--device", "envise-2")
		login("rm -f 'cache/no such file'\ntrue")
		login()
	})
	assert.Equal(t, []string{
		"rack-commands.jsonl: lightmatter-cli reset --device envise-2",
		"rack-commands.jsonl: rm -f 'cache/no such file'\ntrue",
		"rack-commands.jsonl: an interactive login",
		"devices.jsonl: lightmatter-cli reset --device envise-2",
	}, changed)
}

func lineWith(text, part string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			return line
		}
	}
	return ""
}
