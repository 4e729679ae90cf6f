using Quickstart;
using Rqml.Supervision;

namespace Rqml.Samples.Tests.Quickstart;

public sealed class LearnDigitsTests
{
    /// <summary>Sample 13 of seed 1 climbs the whole ladder, and is refused at its end; sample 14 is accepted there.</summary>
    [Theory]
    [InlineData(13, Outcome.Unconverged, VoteVerdict.Rejected)]
    [InlineData(14, Outcome.Converged, VoteVerdict.Accepted)]
    public async Task A_stalled_classifier_goes_to_a_larger_model_then_to_another_family_then_to_a_vote(int sample, Outcome outcome, VoteVerdict verdict)
    {
        await using var digits = await DigitsHost.StartAsync();
        var result = await (await digits.SubmitAsync(sample)).Completion.WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(
            [("softmax", SupervisionAction.Escalate), ("rbf-ridge", SupervisionAction.Reroute), ("perceptron", SupervisionAction.Vote)],
            result.Story.Steps.Where(step => step is { Kind: ObservationKind.Refined, Concern: not null }).Select(step => (step.Model, step.Action)));
        Assert.Equal(verdict, result.Story.Steps[^1].Vote?.Verdict);

        var decisions = Decisions.Of([result.Story.Steps]);
        Assert.Equal((1, 1, 1), (decisions.Stalled, decisions.Escalated, decisions.Voted));
        Assert.Equal(result.Iterations, result.Story.Steps.Where(step => step.Kind == ObservationKind.Refined).Sum(step => step.To - step.From + 1));
    }
}
