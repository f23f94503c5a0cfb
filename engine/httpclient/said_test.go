package httpclient

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestHowLongAServerWantsToBeLeftAlone(t *testing.T) {
	now := time.Date(2025, 3, 1, 3, 0, 0, 0, time.UTC)
	for said, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "0": 0, "-1": 0, "soon": 0, "1.5": 0, "+3": 0, "-99999999999999999999": 0,
		"2592000": 30 * 24 * time.Hour, "99999999999": longestAsked * time.Second, "99999999999999999999": longestAsked * time.Second,
		now.Add(time.Minute).Format(http.TimeFormat): time.Minute, now.Add(-time.Minute).Format(http.TimeFormat): 0,
	} {
		assert.Equal(t, want, RetryAfter(http.Header{"Retry-After": {said}}, now), said)
	}
}

func TestWhatAServerSaysInOneLine(t *testing.T) {
	clean := func(text string) string { return strings.ReplaceAll(text, "hunter2", "[secret]") }
	for text, want := range map[string]string{
		"a\n b":                                   "a b",
		"<html><title>Log\nin</title>…":           "Log in",
		"<p>no <b>such</b> key hunter2</p>":       "no such key [secret]",
		strings.Repeat("x", 295) + "hunter2":      strings.Repeat("x", 295) + "[secr…",
		"<style>p{}</style><p>a &amp; b</p>":      "a & b",
		"<p>hun</p>ter2 is no word of this page ": "hun ter2 is no word of this page",
	} {
		assert.Equal(t, want, Short(text, clean))
	}
	assert.Equal(t, "HTTP status 404 Not Found", Status(404, "not found"))
	assert.Equal(t, "HTTP status 404 Not Found: no such hook", Status(404, "no such hook"))
	wrapped := &url.Error{Op: "Post", URL: "https://hooks.example.com/hunter2", Err: http.ErrHandlerTimeout}
	assert.NotContains(t, Plain(wrapped).Error(), "hunter2")
}
