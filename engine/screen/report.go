package screen

import (
	"encoding/json"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// Schema names the form of a Report. Fields may be added under the same name; a change that would mislead a reader takes a new one.
const Schema = "runbook/run/v1"

// A Report is a whole run as -o json prints it. Lists are never null, times are RFC 3339, durations are seconds.
type Report struct {
	Schema  string `json:"schema"`
	Runbook string `json:"runbook"`
	Path    string `json:"path"`
	// Source is where the script was found, Replaces where the one is that it hides, and Inherits where files are from that do not lie beside
	// it, as in journal.Run.
	Source   string            `json:"source"`
	Replaces string            `json:"replaces,omitempty"`
	Inherits map[string]string `json:"inherits,omitempty"`

	Digest  string            `json:"digest"`
	Version string            `json:"version"` // of the program
	ID      string            `json:"run"`
	Mode    journal.Mode      `json:"mode"`
	Site    map[string]string `json:"site"`
	Params  map[string]any    `json:"params"`
	User    string            `json:"user"`
	Host    string            `json:"host"`
	Started time.Time         `json:"started"`
	Elapsed float64           `json:"elapsed_seconds"` // of a run that was resumed, since then

	Replay  bool             `json:"replay"`  // it only repeats a recording: nothing was asked of any site, and nothing sent
	Plan    *journal.Applies `json:"plan"`    // that it applies; null if it applies none
	Resumed []ResumeReport   `json:"resumed"` // how often it was taken up again

	// Steps are all steps of the script, also those that were not reached. What happens before the first one stands in a step
	// without a name and with the number 0.
	Steps       []*StepReport      `json:"steps"`
	Assumptions []AssumptionReport `json:"assumptions"`
	Answers     []AnswerReport     `json:"answers"`
	Warnings    []WarningReport    `json:"warnings"`
	Commands    []string           `json:"commands"` // that looked and changed nothing, each once
	Verdict     *journal.Verdict   `json:"verdict"`  // null if the script gave none

	Summary SummaryReport  `json:"summary"`
	Status  journal.Status `json:"status"` // as in journal.End; Incomplete if the run had no end
	Error   *journal.Error `json:"error"`  // null if there was none
	Exit    int            `json:"exit"`
}

// A ResumeReport says who took the run up again.
type ResumeReport struct {
	Time     time.Time `json:"time"`
	User     string    `json:"user"`
	Host     string    `json:"host"`
	Version  string    `json:"version"`   // of the program
	FromStep int       `json:"from_step"` // the step that was begun anew, 0 if none was
}

// What a run or a step says that did not come to its end.
const (
	Incomplete journal.Status = "incomplete"
	NotReached journal.Status = "not_reached"
)

// A StepReport is one step, with what happened in it in the order in which it happened.
type StepReport struct {
	Number  int            `json:"number"`
	Name    string         `json:"name"`
	Status  journal.Status `json:"status"`
	Reason  string         `json:"reason,omitempty"`
	Elapsed float64        `json:"elapsed_seconds"`
	Reads   int            `json:"reads"`
	Shows   []ShowReport   `json:"shows"`
	Waits   []WaitReport   `json:"waits"`
	Actions []ActionReport `json:"actions"`
}

// A ShowReport is something that the script showed.
type ShowReport struct {
	Branch string `json:"branch,omitempty"`
	*journal.Show
}

// A WaitReport is a wait and how it ended: met, assumed or failed.
type WaitReport struct {
	Branch  string         `json:"branch,omitempty"`
	Verb    string         `json:"verb"`
	Target  action.Target  `json:"target"`
	Outcome string         `json:"outcome"`
	Detail  string         `json:"detail,omitempty"`
	Elapsed float64        `json:"elapsed_seconds"`
	Error   *journal.Error `json:"error,omitempty"`
}

// An ActionReport is an action and what came of it: intended, done, failed, unchanged (it was so already), or uncertain, which is also what is said of an action
// that was sent and whose answer nobody saw.
type ActionReport struct {
	Number   int              `json:"number"`
	Key      string           `json:"key"`
	Branch   string           `json:"branch,omitempty"`
	Verb     string           `json:"verb"`
	Target   action.Target    `json:"target"`
	Identity []action.Arg     `json:"identity"`
	Payload  []action.Arg     `json:"payload"`
	Risk     string           `json:"risk"`
	Label    action.Label     `json:"label"`
	Where    string           `json:"where"`
	Note     string           `json:"note,omitempty"`
	Warnings []string         `json:"warnings"`
	Changes  []journal.Change `json:"changes"`
	Outcome  string           `json:"outcome"`
	Again    bool             `json:"repeated,omitempty"` // from an earlier part of a run that was resumed, and not done again
	Attempts int              `json:"attempts"`
	Elapsed  float64          `json:"elapsed_seconds"`
	Error    *journal.Error   `json:"error,omitempty"`

	Preview   string `json:"preview,omitempty"`   // the very text that somebody gets
	Tolerated bool   `json:"tolerated,omitempty"` // it failed, and the script went on with a result that says so
}

// An AssumptionReport is something a dry run could not know.
type AssumptionReport struct {
	Step   int    `json:"step"`
	Branch string `json:"branch,omitempty"`
	*journal.Assume
}

// An AnswerReport is what was answered to confirm or ask.
type AnswerReport struct {
	Step     int             `json:"step"`
	Name     string          `json:"name,omitempty"`
	Question string          `json:"question"`
	Value    json.RawMessage `json:"value"`
	By       string          `json:"by"`
}

// A WarningReport is something a person should know.
type WarningReport struct {
	Step int `json:"step"`
	*journal.Warning
}

// A SummaryReport counts. In a dry run nothing is ever done, and in a real run nothing is only intended.
type SummaryReport struct {
	Intended    int `json:"actions_intended"`
	Done        int `json:"actions_done"`
	Failed      int `json:"failed"`
	Uncertain   int `json:"uncertain"`
	Unchanged   int `json:"unchanged"` // asked for, and so already
	Assumptions int `json:"assumptions"`
	Reads       int `json:"reads"`
}
