using Rqml.Tasks;

namespace Rqml.Supervision.Votes;

/// <summary>A node's call for a vote on an artifact. Immutable.</summary>
/// <param name="Spec">The task.</param>
/// <param name="Artifact">What is voted on.</param>
/// <param name="Models">The models of the voters, one each: of as many families as there are.</param>
/// <param name="DeadlineMs">How long ballots are waited for.</param>
/// <param name="IsWeighted">Whether a ballot weighs by the measured reliability of its model.</param>
internal sealed record VoteCall(TaskSpec Spec, ReadOnlyMemory<byte> Artifact, IReadOnlyList<VoterModel> Models, long DeadlineMs, bool IsWeighted);

/// <summary>A model that votes, and the kind of lane that it needs.</summary>
internal readonly record struct VoterModel(string Name, string Device);

/// <summary>One voter's part in a vote, as its node gets it. It says nothing of the other voters. Immutable.</summary>
/// <param name="Spec">The task.</param>
/// <param name="Artifact">What is voted on.</param>
/// <param name="Model">The model that votes.</param>
/// <param name="Voter">Place of the voter in the vote, from 0.</param>
/// <param name="DeadlineMs">How long the ballot is waited for.</param>
internal sealed record BallotCall(TaskSpec Spec, ReadOnlyMemory<byte> Artifact, VoterModel Model, int Voter, long DeadlineMs);

/// <summary>A ballot on its way to whoever counts.</summary>
/// <param name="Voter">Place of the voter in the vote, from 0.</param>
/// <param name="Ballot">What it says.</param>
internal sealed record BallotCast(int Voter, Ballot Ballot);

/// <summary>How a vote of an attempt ended.</summary>
/// <param name="Number">Number of the vote in its task, from 1.</param>
/// <param name="Tally">What it came to.</param>
/// <param name="Opinions">What each voter said.</param>
internal sealed record VoteResult(int Number, VoteTally Tally, IReadOnlyList<Opinion> Opinions);
