package scenario

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"runbook/engine/yamlfile"
)

// change is what "with" says of an event about something.
func change[T any](e Event, what, such string) (*T, error) {
	if len(e.With) == 0 {
		return nil, fmt.Errorf("%s needs what changes: with: %s", what, such)
	}
	text, err := json.Marshal(e.With)
	if err != nil {
		return nil, err
	}
	out, err := yamlfile.Decode[T](text, "what changes about "+what)
	if err != nil {
		return nil, fmt.Errorf("with: %s", strings.ReplaceAll(err.Error(), "line 1: ", "")) // it is a line that nobody wrote
	}
	return out, nil
}

// Fills tells whether it is about what is in the file.
func (c FileChange) Fills() bool {
	return c.Content != nil || c.Append != nil || c.Size != nil || c.Grows > 0
}

// OfFile is what becomes of the file of an event.
func (e Event) OfFile() (*FileChange, error) {
	c, err := change[FileChange](e, "a file", `{append: "{time} ERROR no link\n"}`)
	if err != nil {
		return nil, err
	}
	count := 0
	for _, given := range []bool{c.Content != nil, c.Append != nil, c.Size != nil, c.Grows > 0, c.Gone} {
		if given {
			count++
		}
	}
	switch {
	case !path.IsAbs(e.File) || path.Clean(e.File) != e.File || e.File == "/":
		return nil, fmt.Errorf("%q is no absolute path such as /var/log/app.log", e.File)
	case count > 1:
		return nil, errors.New("with: one of content, append, size, grows and gone")
	case c.Gone && (c.Owner != "" || c.Mode != 0):
		return nil, errors.New("with: what is gone has no owner and no mode")
	case c.Mode > uint32(fs.ModePerm):
		return nil, errors.New("with: a mode is the permissions alone, such as 0o640")
	}
	return c, nil
}

// OfDisk is what becomes of the disk of an event.
func (e Event) OfDisk() (*DiskChange, error) {
	c, err := change[DiskChange](e, "a disk", "{grows: 1GiB}")
	if err != nil {
		return nil, err
	}
	for _, n := range []*int64{c.Inodes, c.InodesUsed} {
		if n != nil && *n < 0 {
			return nil, errors.New("with: a number of files is not negative")
		}
	}
	if c.Used != nil && c.Grows > 0 {
		return nil, errors.New("with: one of used and grows")
	}
	return c, nil
}

// OfObject is what becomes of the object of an event, and in which bucket. What is removed has no more than its key.
func (e Event) OfObject() (bucket string, gone bool, o StoredObject, err error) {
	c, err := change[ObjectChange](e, "an object", "{content: done}, or with: {gone: true}")
	if err != nil {
		return "", false, o, err
	}
	bucket, key, _ := strings.Cut(e.Object, "/")
	o = StoredObject{Key: key, Content: c.Content, Size: c.Size, ContentType: c.ContentType, StorageClass: c.StorageClass, Metadata: c.Metadata}
	field, err := o.check()
	switch {
	case !bucketName.MatchString(bucket) || key == "":
		err = fmt.Errorf("%q is not of the form bucket/key", e.Object)
	case err != nil:
		err = fmt.Errorf("with: %w", prefixed(field, err))
	case c.Gone && len(e.With) > 1:
		err = errors.New("with: what is gone has nothing else")
	}
	return bucket, c.Gone, o, err
}
