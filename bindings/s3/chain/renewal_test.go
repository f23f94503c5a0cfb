package chain

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

// Credentials that a container is handed out are got anew when they are about to be over, with the token that stands in its file by then.
func TestCredentialsOfAContainerAreRenewed(t *testing.T) {
	m := newMachine(t)
	var tokens []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		valid := map[int]time.Duration{1: 30 * time.Second}[len(tokens)] // over within the window in which they are renewed
		if valid == 0 {
			valid = time.Hour
		}
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":"KEY%d","SecretAccessKey":"s","Token":"t","Expiration":%q}`, len(tokens), time.Now().Add(valid).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	file := filepath.Join(m.home, "container-token")
	require.NoError(t, os.WriteFile(file, []byte("first"), 0o600))
	m.write("credentials", "")
	m.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], m.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = server.URL, file
	s, err := m.load("")
	require.NoError(t, err)
	keys := aws.NewCredentialsCache(s.Credentials, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = time.Minute })
	for i, want := range []string{"KEY1", "KEY2", "KEY2"} {
		got, err := keys.Retrieve(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got.AccessKeyID, i)
		require.NoError(t, os.WriteFile(file, []byte("second"), 0o600))
	}
	require.Equal(t, []string{"first", "second"}, tokens)
}
