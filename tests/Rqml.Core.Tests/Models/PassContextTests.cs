using Rqml.Testing;

namespace Rqml.Core.Tests.Models;

public sealed class PassContextTests
{
    private static readonly TaskClass<string, string> Class = new("words");

    [Fact]
    public void A_first_pass_has_no_artifact()
    {
        var context = PassContext.First(Class, "payload");

        Assert.Equal(("payload", null, false, 1), (context.Payload, context.Artifact, context.HasArtifact, context.Iteration));
        context.Beat();      // heard by nobody
    }

    [Fact]
    public void A_later_pass_goes_on_from_an_artifact_and_knows_why_that_was_refused()
    {
        var context = PassContext.Later(Class, "payload", "so far", iteration: 7, refusal: "too long");

        Assert.Equal(("so far", true, 7, "too long"), (context.Artifact, context.HasArtifact, context.Iteration, context.Refusal));
    }

    [Fact]
    public void The_same_seed_gives_the_same_numbers() =>
        Assert.Equal(PassContext.First(Class, "a", seed: 5).Random.Next(), PassContext.First(Class, "b", seed: 5).Random.Next());

    [Fact]
    public void The_first_iteration_is_no_later_one() =>
        Assert.Throws<ArgumentOutOfRangeException>("iteration", () => PassContext.Later(Class, "payload", "so far", iteration: 1));
}
