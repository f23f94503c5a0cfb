// Package metricstest starts a real Prometheus for a test, and gives it samples: what the simulated one, and who asks it, are held to.
//
// RUNBOOK_LAB_COMMAND is the lab's own command, which knows where the lab's programs are; without it a test that calls Start fails. It is
// for tests alone.
package metricstest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Start starts a Prometheus of the lab's programs for one test, which scrapes nothing and takes samples, and returns where it is. With the
// text of a rule file it evaluates that every second.
func Start(t *testing.T, rules string) string {
	t.Helper()
	command := os.Getenv("RUNBOOK_LAB_COMMAND")
	require.NotEmpty(t, command, "start this with make test-lab")
	bin, err := exec.CommandContext(t.Context(), command, "build").Output()
	require.NoError(t, err)
	folder := t.TempDir()
	config := "global: {scrape_interval: 1m, evaluation_interval: 1m}\n"
	if rules != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(rules), 0o600))
		config = "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yaml]\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "prometheus.yaml"), []byte(config), 0o600))
	address := free(t)
	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, filepath.Join(strings.TrimSpace(string(bin)), "prometheus"),
		"--config.file="+filepath.Join(folder, "prometheus.yaml"), "--storage.tsdb.path="+filepath.Join(folder, "data"),
		"--storage.tsdb.retention.time=100y", "--web.listen-address="+address, "--web.enable-remote-write-receiver")
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		stop()
		_ = server.Wait() // it was interrupted
		if t.Failed() {
			t.Log(log.String())
		}
	})
	base := "http://" + address
	require.Eventually(t, func() bool {
		response, err := http.Get(base + "/-/ready")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)
	return base
}

func free(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	return address
}
