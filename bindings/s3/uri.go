package s3

import (
	"net/url"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// scheme begins a URI.
const scheme = "s3://"

// A location is a place in an object store: an object, what begins with a prefix, or a bucket.
type location struct{ bucket, key string }

func (l location) String() string { return scheme + l.bucket + "/" + l.key }

// escaped is the object as a header can name it.
func (l location) escaped() string {
	parts := strings.Split(l.key, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return l.bucket + "/" + strings.Join(parts, "/")
}

// target is the object as a target.
func (l location) target() action.Target {
	return action.Target{System: system, Kind: objects, Scope: l.bucket, Name: l.key}
}

func isURI(text string) bool { return strings.HasPrefix(text, scheme) }

// parse reads a URI. What is wrong with one is told as of an argument of a function.
func parse(function, uri string) (location, error) {
	rest, ok := strings.CutPrefix(uri, scheme)
	bucket, key, _ := strings.Cut(rest, "/")
	switch {
	case !ok:
		return location{}, action.Errorf(action.CodeInvalid, "%s: %q is no URI of an object store: write s3://bucket/key", function, uri)
	case bucket == "":
		return location{}, action.Errorf(action.CodeInvalid, "%s: %q names no bucket: write s3://bucket/key", function, uri)
	case strings.ContainsAny(bucket, "*? "):
		return location{}, action.Errorf(action.CodeInvalid, "%s: %q: the name of a bucket has no pattern", function, uri)
	}
	return location{bucket, key}, nil
}

// parseObject reads the URI of one object.
func parseObject(function, uri string) (location, error) {
	l, err := parse(function, uri)
	if err == nil && (l.key == "" || strings.HasSuffix(l.key, "/")) {
		err = action.Errorf(action.CodeInvalid, "%s: %q names no object: write s3://bucket/key", function, uri).
			Try("see what is there: s3.list(%q)", uri)
	}
	return l, err
}

// uriParam is the parameter that names an object.
func uriParam(doc string) module.Param {
	return module.Param{Name: "uri", Kind: module.String, Required: true, Doc: doc}
}
