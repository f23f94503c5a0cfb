package drivers

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/yamlfile"
)

// transcriptsFolder is the folder of transcripts beside a driver.
const transcriptsFolder = "transcripts"

// A Transcript is what a tool was seen to print: a file beside its driver.
type Transcript struct {
	Name    string            `yaml:"-"`       // of the file, without its ending
	Path    string            `yaml:"-"`       // of the file, as a person finds it
	Purpose driver.Purpose    `yaml:"purpose"` // what the command is for
	ID      string            `yaml:"id"`      // the device that it was asked about; "" for all
	With    map[string]string `yaml:"with"`    // what that device has for the driver's own placeholders
	// Site is how the devices were, for who simulates the tool.
	Site     map[string]string `yaml:"site"`
	Argv     []string          `yaml:"argv"` // the command; not compared if not given
	ExitCode int               `yaml:"exit_code"`
	Stdout   string            `yaml:"stdout"`
	Stderr   string            `yaml:"stderr"`

	read []byte // NAME.json beside it: what the driver is to make of it; nil if that is not said
}

// Transcripts are those of a driver, by their names: the ones beside it, or, where it replaces another one and has none, that one's.
func (s *Shelf) Transcripts(name string) ([]Transcript, error) {
	entry, err := s.Entry(name)
	if err != nil {
		return nil, err
	}
	for _, layer := range entry.Layers {
		files, err := fs.Glob(layer.Files, path.Join(transcriptsFolder, "*.yaml"))
		if err != nil {
			return nil, action.Errorf(action.CodeInvalid, "cannot list the transcripts of the driver %s in %s: %w", name, layer.Path, err)
		}
		var out []Transcript
		for _, file := range files {
			one, err := transcript(layer.Files, file, layer.Path)
			if err != nil {
				return nil, err
			}
			out = append(out, *one)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

func transcript(files fs.FS, file, place string) (*Transcript, error) {
	where := path.Join(place, file)
	text, err := fs.ReadFile(files, file)
	if err != nil {
		return nil, action.Errorf(action.CodeNotFound, "cannot read %s: %w", where, err)
	}
	out, err := yamlfile.Decode[Transcript](text, "a transcript")
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: %w", where, err)
	}
	out.Name, out.Path = strings.TrimSuffix(path.Base(file), ".yaml"), where
	out.read, err = fs.ReadFile(files, strings.TrimSuffix(file, ".yaml")+".json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, action.Errorf(action.CodeNotFound, "cannot read what is beside %s: %w", where, err)
	}
	return out, nil
}

// Said is what the tool printed.
func (t *Transcript) Said() driver.Said {
	return driver.Said{ID: t.ID, Stdout: t.Stdout, Stderr: t.Stderr, ExitCode: t.ExitCode}
}

// A Mismatch is why a driver does not go with a transcript.
type Mismatch struct {
	Message string
	Diff    string // unified; "" for none
	Hint    string // what to do
}

// Compare has a driver read a transcript: nil if it does as it should. What it makes of it is as the file NAME.json beside it says; without
// one, everything that was printed has to be understood.
func (t *Transcript) Compare(ctx context.Context, d driver.Driver) *Mismatch {
	c := d.About().Command(t.Purpose)
	if c == nil {
		return &Mismatch{Message: fmt.Sprintf("the driver has no command for %q", t.Purpose), Hint: "purpose is one of its commands: runbook docs driver." + d.About().Name}
	}
	if m := t.compareArgv(c, d.About()); m != nil {
		return m
	}
	reading := d.Read(ctx, t.Purpose, t.Said())
	text, err := Written(reading)
	if err != nil {
		return &Mismatch{Message: "what the driver made of it cannot be written down: " + err.Error()}
	}
	switch {
	case t.read != nil && string(t.read) != text:
		return &Mismatch{
			Message: "the driver makes something else of it", Diff: udiff.Unified(t.Name+".json", "read", string(t.read), text),
			Hint: "if it is right now, write that into " + strings.TrimSuffix(t.Path, ".yaml") + ".json",
		}
	case t.read != nil, t.Purpose.Changes():
		return nil
	case reading.Fault != "":
		return &Mismatch{Message: "the driver failed: " + reading.Fault, Hint: "change the parse of " + string(t.Purpose)}
	case len(reading.Unread) > 0:
		return &Mismatch{
			Message: fmt.Sprintf("the driver does not understand %q", reading.Unread[0]), Diff: udiff.Unified("nothing", "read", "", text),
			Hint: "change the parse of " + string(t.Purpose) + "; if it should not be understood, write that into " + strings.TrimSuffix(t.Path, ".yaml") + ".json",
		}
	case len(reading.Devices) == 0 && t.Purpose != driver.Logs:
		return &Mismatch{
			Message: "the driver finds no device in it", Hint: "change the parse of " + string(t.Purpose) + "; if there is none in it, write that into " + strings.TrimSuffix(t.Path, ".yaml") + ".json",
		}
	}
	return nil
}

// compareArgv looks whether the driver would ask what the tool was asked.
func (t *Transcript) compareArgv(c *driver.Command, about *driver.About) *Mismatch {
	if len(t.Argv) == 0 {
		return nil
	}
	device := driver.Device{ID: cmp.Or(t.ID, "any"), With: t.With}
	values, err := device.Values(about)
	var argv []string
	if err == nil {
		argv, err = c.Fill(values)
	}
	switch {
	case err != nil:
		return &Mismatch{Message: "the command cannot be filled in: " + err.Error(), Hint: "say it in the transcript: with: {…}"}
	case !slices.Equal(argv, t.Argv):
		return &Mismatch{Message: "the driver would run another command", Diff: udiff.Unified("argv", "the driver's", action.Text(t.Argv)+"\n", action.Text(argv)+"\n")}
	}
	return nil
}

// Written is a reading as it stands in a file beside a transcript.
func Written(r driver.Reading) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	return string(text) + "\n", err
}
