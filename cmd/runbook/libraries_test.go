package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/klog/v2"

	"runbook/engine/redact"
)

// klog prints on standard error by itself: a server's warnings, and why a plugin failed.
func TestWhatLibrariesLogPassesTheRedactor(t *testing.T) {
	var out bytes.Buffer
	secrets := redact.New()
	secrets.Add("canary-of-klog")
	quieten(secrets.Writer(&out))
	t.Cleanup(func() { quieten(os.Stderr) })
	klog.Error("it said canary-of-klog")
	klog.Warning("and once more: canary-of-klog")
	klog.Flush()
	assert.Regexp(t, `(?s)^E[^\n]*it said \[secret\]\nW[^\n]*once more: \[secret\]\n$`, out.String(), "each line once")
}
