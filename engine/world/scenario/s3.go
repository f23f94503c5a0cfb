package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/module"
)

// allowances are what a bucket can say of it.
var allowances = []string{"read", "none"}

// bucketName is what a bucket may be called.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// What an entry may stand for at most.
const (
	most      = 100_000 // objects
	maxObject = 5 << 40 // bytes in one
)

func (s S3) check(f file) error {
	for _, name := range slices.Sorted(maps.Keys(s.Buckets)) {
		if !bucketName.MatchString(name) {
			return f.at(errors.New("a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes"), "s3", "buckets", name)
		}
		b := s.Buckets[name]
		if b.Allows != "" && !slices.Contains(allowances, b.Allows) {
			return f.at(fmt.Errorf("a bucket allows \"read\" or \"none\", or anything if it does not say%s", module.Suggest(b.Allows, allowances)), "s3", "buckets", name, "allows")
		}
		for i, o := range b.Objects {
			if field, err := o.check(); err != nil {
				return f.at(err, "s3", "buckets", name, "objects", i, field)
			}
		}
	}
	return nil
}

func (o StoredObject) check() (field string, err error) {
	switch {
	case o.Key == "" || strings.HasPrefix(o.Key, "/"):
		return "key", errors.New("an object needs a key, without a slash before it: backups/db.dump")
	case o.Count < 0 || o.Count > most:
		return "count", fmt.Errorf("a count is from 1 to %d", most)
	case o.Count > 1 && !strings.Contains(o.Key, "{n}"):
		return "key", errors.New(`several objects need keys of their own: write "{n}" where their number goes`)
	case o.Content != "" && o.Size != 0:
		return "size", errors.New("an object has a content or a size")
	case o.Size > maxObject:
		return "size", fmt.Errorf("an object has at most %d bytes", maxObject)
	case o.Age != nil && *o.Age < 0:
		return "age", errors.New("a duration is not negative here")
	}
	for name := range o.Metadata {
		if name != strings.ToLower(name) {
			return "metadata", fmt.Errorf("names of metadata are in lower case: %q", strings.ToLower(name))
		}
	}
	return "", nil
}

// over is the section laid over the one of the scenario that is extended. An object that both have is the one that this one says.
func (s S3) over(base S3) S3 {
	out := S3{Region: cmp.Or(s.Region, base.Region), Buckets: maps.Clone(base.Buckets)}
	if out.Buckets == nil {
		out.Buckets = s.Buckets
		return out
	}
	for name, own := range s.Buckets {
		under := out.Buckets[name]
		out.Buckets[name] = Bucket{
			Allows:  cmp.Or(own.Allows, under.Allows),
			Objects: replaced(under.Objects, own.Objects, func(o StoredObject) string { return o.Key }),
		}
	}
	return out
}
