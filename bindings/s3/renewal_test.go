package s3

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/machine"
)

// A watchful store knows one access key at a time, and has thirty objects.
type watchful struct {
	mu    sync.Mutex
	known string
	asked []string // by which key each object was asked for
	after func(asked int)
}

var credential = regexp.MustCompile(`Credential=([^/]+)/`)

func (s *watchful) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	key := credential.FindStringSubmatch(r.Header.Get("Authorization"))[1]
	ok := key == s.known
	if !r.URL.Query().Has("list-type") {
		s.asked = append(s.asked, key)
		s.after(len(s.asked))
	}
	s.mu.Unlock()
	switch {
	case !ok:
		w.WriteHeader(http.StatusBadRequest)
		if r.Method != http.MethodHead {
			_, _ = fmt.Fprint(w, `<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>`)
		}
	case r.URL.Query().Has("list-type"):
		_, _ = fmt.Fprint(w, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`)
		for i := range 30 {
			_, _ = fmt.Fprintf(w, `<Contents><Key>%d</Key><LastModified>2026-11-24T03:00:00Z</LastModified><ETag>"%s"</ETag><Size>5</Size></Contents>`, i, helloMD5)
		}
		_, _ = fmt.Fprint(w, `</ListBucketResult>`)
	default:
		w.Header().Set("ETag", `"`+helloMD5+`"`)
		w.Header().Set("Content-Length", "5")
		_, _ = fmt.Fprint(w, "hello")
	}
}

// renewing is a module whose credentials come from a program, which says what stands in a file.
func renewing(t *testing.T, s *watchful) (d *driver, say func(key string, valid time.Duration)) {
	t.Helper()
	folder := t.TempDir()
	said := filepath.Join(folder, "said")
	say = func(key string, valid time.Duration) {
		text := fmt.Sprintf(`{"Version":1,"AccessKeyId":%q,"SecretAccessKey":"secret of %s","SessionToken":"token of %s","Expiration":%q}`,
			key, key, key, time.Now().Add(valid).UTC().Format(time.RFC3339))
		require.NoError(t, os.WriteFile(said+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(said+".new", said))
	}
	config := filepath.Join(folder, "config")
	require.NoError(t, os.WriteFile(config, []byte("[profile p]\nregion = r\ncredential_process = cat "+said+"\n"), 0o600))
	t.Setenv("AWS_CONFIG_FILE", config)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(folder, "none"))
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	d = &driver{T: t, secrets: &vault{}, m: New(Config{
		Access:   func() Access { return Access{Endpoint: server.URL, Profile: "p", PathStyle: true} },
		Machines: machine.Set[files.System]{Local: local.New()}, WrapTransport: closing(t),
	})}
	return d, say
}

// Credentials that a store refuses in the middle, and that have been renewed by then, end no sync: it goes on with the new ones, also where
// several requests are under way with the old ones.
func TestCredentialsAreRenewedInTheMiddle(t *testing.T) {
	s := &watchful{known: "OLD"}
	d, say := renewing(t, s)
	say("OLD", time.Hour)
	s.after = func(asked int) {
		if asked == 8 {
			s.known = "NEW"
			say("NEW", time.Hour)
		}
	}
	folder := t.TempDir()
	require.Equal(t, done(30, 150, 0, 0), d.do("sync", "s3://box", folder))
	require.Len(t, tree(t, folder), 30)
}

// Credentials that are about to be over are not waited out, but got anew.
func TestCredentialsThatExpire(t *testing.T) {
	s := &watchful{known: "OLD", after: func(int) {}}
	d, say := renewing(t, s)
	say("OLD", expiring+time.Second)
	require.Equal(t, "hello", d.read("get", "s3://box/1"))
	s.known = "NEW"
	say("NEW", time.Hour)
	require.Eventually(t, func() bool {
		out, err := d.see(nobody, "get", "s3://box/1")
		return err == nil && out == "hello"
	}, 5*time.Second, 50*time.Millisecond)
	require.NotContains(t, s.asked[len(s.asked)-1], "OLD")
}

// Where nothing new is to be had, a person is told what to type; also where a HEAD is refused, which has no words.
func TestCredentialsThatAreOver(t *testing.T) {
	s := &watchful{known: "NEW", after: func(int) {}}
	d, say := renewing(t, s)
	say("OLD", time.Hour)
	for _, call := range []string{"list", "head"} {
		_, err := d.see(nobody, call, "s3://box/1")
		e := d.fails(err)
		require.Contains(t, e.Hint, "aws sts get-caller-identity --profile p", call)
		require.False(t, e.Retryable)
		require.Equal(t, action.CodeUnauth, e.Code)
	}
}
