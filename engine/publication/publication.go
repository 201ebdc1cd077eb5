// Package publication says what becomes of rulesets that are published through the API
// instead of a folder.
//
//	created, err := store.Publish(ctx, publication.Ruleset{Digest: digest, Author: "4kq7w2mzpa", Files: packed})
//	active, err := store.Activate(ctx, publication.Activation{Digest: digest, Author: "4kq7w2mzpa"}, publication.Any)
//
// # Design, 2026-11-23
//
// To publish and to activate are two steps: a ruleset is kept first, under the digest of
// its files, and then put in force by a row that says so. The ruleset in force is that of
// the newest such row, so that to roll back is to add one more, nothing is ever changed,
// and a crash between the two leaves the old one in force. Rejected: a flag beside each
// ruleset, which has no history and can be set twice.
package publication

import (
	"fmt"
	"time"
)

// Folder is the author of rulesets that came from the folder of rule files.
const Folder = "folder"

const (
	// MaxAuthor is how many bytes the author may have.
	MaxAuthor = 255
	// MaxMessage is how many bytes a message may have.
	MaxMessage = 2000
	// MaxPage is how many rulesets or activations are read at most at a time.
	MaxPage = 1000
)

// Ruleset is one that is kept.
type Ruleset struct {
	// Digest names it, as quotes do.
	Digest string
	// Version is that of the program that kept it first.
	Version string
	// Author is the id of the key that published it first, or Folder.
	Author string
	// Message says why, "" where nobody did.
	Message string
	// Created is when it was kept, in UTC.
	Created time.Time
	// Activations is how often it was put in force; a listing and a single reading have it.
	Activations int64
	// Files are its rule files, and Tests its test files and what these read, in archives;
	// a listing leaves them out. Tests is nil where there are none.
	Files, Tests []byte
}

// Activation is that a ruleset was put in force.
type Activation struct {
	// ID grows by one, from 1; the newest activation counts.
	ID int64
	// Digest is the ruleset, and Previous the one before, "" for the first.
	Digest, Previous string
	// Author is the id of a key, or Folder.
	Author, Message string
	// Forced is that it was activated although its tests fail.
	Forced bool
	// At is when, in UTC.
	At time.Time
}

// Any is what Activate takes where any ruleset may be in force before.
const Any = ""

// UnknownError says that no ruleset with the digest was kept.
type UnknownError struct{ Digest string }

// Error implements error.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("the ruleset %s is not in the archive", e.Digest)
}

// ChangedError says that another ruleset is in force than the one that was expected.
type ChangedError struct {
	// Active is the digest of the one in force, "" for none.
	Active string
}

// Error implements error.
func (e *ChangedError) Error() string {
	return fmt.Sprintf("the ruleset %s is in force by now: look at it, and activate again", e.Active)
}
