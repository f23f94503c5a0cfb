package httpclient

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Plain drops the method and address that net/http puts before every error: an address may hold credentials.
func Plain(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// longestAsked bounds how long a server may ask for, in seconds: a year. What is longer is as good as never, and not the same as nothing.
const longestAsked = 365 * 24 * 60 * 60

// RetryAfter is how long a server wants to be left alone; zero if it does not say.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	said := h.Get("Retry-After")
	seconds, err := strconv.ParseUint(said, 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, longestAsked)) * time.Second
	}
	if at, err := http.ParseTime(said); err == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}

// Status is what a status and a page say.
func Status(code int, page string) string {
	text := fmt.Sprintf("HTTP status %d %s", code, http.StatusText(code))
	if page != "" && !strings.EqualFold(page, http.StatusText(code)) {
		text += ": " + page
	}
	return text
}

var (
	title = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	tag   = regexp.MustCompile(`(?s)<(style|script).*?</(style|script)>|<[^>]*>`)
	blank = regexp.MustCompile(`\s+`)
)

// mostSaid is how much of somebody's text is repeated.
const mostSaid = 300

// Short is a text in one line of bounded length: of a page its title, or what it says without its marks. It is cut only after clean has
// taken secrets out, because half of one is not recognised.
func Short(text string, clean func(string) string) string {
	text = clean(text)
	if found := title.FindStringSubmatch(text); found != nil {
		text = found[1]
	} else if strings.HasPrefix(strings.TrimSpace(text), "<") {
		text = tag.ReplaceAllString(text, " ")
	}
	text = clean(strings.TrimSpace(blank.ReplaceAllString(html.UnescapeString(text), " ")))
	if runes := []rune(text); len(runes) > mostSaid {
		return string(runes[:mostSaid]) + "…"
	}
	return text
}
