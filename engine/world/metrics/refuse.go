package metrics

import (
	"net/http"
	"strconv"
	"time"
)

// kinds are what Prometheus calls a failure that it answers with a status. Whoever stands before a Prometheus and refuses in its place has
// none: such a status is answered with a page, as proxies do.
var kinds = map[int]string{
	http.StatusBadRequest: badData, http.StatusUnprocessableEntity: execution, http.StatusServiceUnavailable: timedOut,
	http.StatusInternalServerError: internal,
}

// Refuse answers a request with a failure that is none of the simulation's own, as a Prometheus or a proxy before it words it: with that
// message, or with the usual one if that is empty. A retryAfter of zero is left out.
func Refuse(w http.ResponseWriter, _ *http.Request, code int, message string, retryAfter time.Duration) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((retryAfter+time.Second-1)/time.Second)))
	}
	if message == "" {
		message = http.StatusText(code)
	}
	kind, own := kinds[code]
	if !own {
		http.Error(w, message, code)
		return
	}
	body, err := newEncoding().Marshal(response{Status: "error", ErrorType: kind, Error: message})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(body) // a client that went away is no failure of ours
}
