package s3

import (
	"crypto/sha256"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

type stopped struct{}

func (stopped) Now() time.Time { return began }

// open serves a store of a section.
func open(t *testing.T, section scenario.S3) (*Store, string) {
	s, err := New(&section, began, stopped{})
	require.NoError(t, err)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func serve(t *testing.T) string {
	_, address := open(t, scenario.S3{})
	return address
}

func sha256Of(text string) [32]byte { return sha256.Sum256([]byte(text)) }
