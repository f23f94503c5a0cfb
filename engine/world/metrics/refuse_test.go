package metrics

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRefuse(t *testing.T) {
	for code, body := range map[int]string{
		503: `{"status":"error","errorType":"timeout","error":"Service Unavailable"}`,
		422: `{"status":"error","errorType":"execution","error":"Unprocessable Entity"}`,
		502: "Bad Gateway\n",
	} {
		w := httptest.NewRecorder()
		Refuse(w, nil, code, "", 1500*time.Millisecond)
		require.Equal(t, code, w.Code)
		require.Equal(t, body, w.Body.String())
		require.Equal(t, "2", w.Header().Get("Retry-After"))
	}
	w := httptest.NewRecorder()
	Refuse(w, nil, 403, "not for you", 0)
	require.Equal(t, "not for you\n", w.Body.String())
	require.Empty(t, w.Header().Get("Retry-After"))
}
