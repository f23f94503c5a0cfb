package inbox

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/pki"
	"runbook/examples/lab/ports"
)

// preparedLab is a lab's folder with all that the server needs.
func preparedLab(t *testing.T) layout.Dir {
	t.Helper()
	dir := layout.Dir(t.TempDir())
	authority, err := pki.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("lab")
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{
		dir.Serving():                      pair.Certificate,
		dir.ServingKey():                   pair.Key,
		dir.MailPassword():                 []byte(password),
		filepath.Join(dir.Logs(), "empty"): nil,
	} {
		if err := os.MkdirAll(filepath.Dir(path), layout.FolderMode); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func addresses(t *testing.T) (smtp, webhook string) {
	t.Helper()
	free, err := ports.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	address := func(port int) string { return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String() }
	return address(free[0]), address(free[1])
}

func TestServerIsReadyAndEndsWhenItIsTold(t *testing.T) {
	dir := preparedLab(t)
	smtp, webhook := addresses(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- Server{Dir: dir, SMTP: smtp, Webhook: webhook}.Serve(ctx) }()
	waitUntilReady(t, smtp, webhook, ended)
	response, err := http.Post("http://"+webhook+"/hook", "text/plain", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	messages, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(messages) != 1 || messages[0].To != "POST /hook" || messages[0].Subject != "hello" {
		t.Errorf("got %+v", messages)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func waitUntilReady(t *testing.T, smtp, webhook string, ended <-chan error) {
	t.Helper()
	ask := ready(smtp, webhook)
	for ask(t.Context()) != nil {
		select {
		case err := <-ended:
			t.Fatalf("the server ended: %v", err)
		default:
		}
	}
}

func TestServerSaysThatItsPortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // nothing is expected of it
	smtp, _ := addresses(t)
	err = Server{Dir: preparedLab(t), SMTP: smtp, Webhook: listener.Addr().String()}.Serve(t.Context())
	if err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v, which the supervisor does not understand", err)
	}
}

func TestServerThatIsToldToEndBeforeItBegins(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	serve := func(l net.Listener) error { _, err := l.Accept(); return err }
	knowsNoListener := func(context.Context) error { return nil }
	if err := until(ctx, listener, serve, knowsNoListener); err != nil {
		t.Errorf("got %v", err)
	}
}
