package metrics

import (
	"net/http"
	"strings"
)

// Describe says what a request asks for, in the words of a scenario's faults: "get" and "query", "query_range", "series", "alerts",
// "status/buildinfo". Queries are gets, whether they come by GET or POST. Other requests are named by their method: "post", "reload".
// It reads neither body nor parameters.
func Describe(r *http.Request) (verb, resource string) {
	verb = strings.ToLower(r.Method)
	path, ofAPI := strings.CutPrefix(r.URL.Path, apiPath+"/")
	if !ofAPI {
		return verb, strings.TrimPrefix(strings.TrimPrefix(path, "/-"), "/")
	}
	path = strings.Trim(path, "/")
	if _, values, ofLabel := strings.Cut(path, "label/"); ofLabel && strings.HasSuffix(values, "/values") {
		return "get", "label_values"
	}
	if !strings.HasPrefix(path, "admin/") {
		verb = "get"
	}
	return verb, path
}
