using System.Text.Json;
using GraphColouring.Queens;

namespace Rqml.Samples.Tests.GraphColouring.Queens;

public sealed class ColouringTests
{
    [Fact]
    public void Two_with_the_same_content_are_equal()
    {
        var job = new ColouringJob(8, 9, Seed: 3);
        Assert.Equal(Colouring.Draw(job), Colouring.Draw(job));
        Assert.NotEqual(Colouring.Draw(job), Colouring.Draw(new ColouringJob(8, 9, Seed: 4)));
    }

    [Fact]
    public void It_comes_back_from_JSON_equal_even_at_its_largest_in_half_a_KiB()
    {
        var colouring = Colouring.Draw(new ColouringJob(16, 36, Seed: 3));
        var bytes = JsonSerializer.SerializeToUtf8Bytes(colouring, ColouringJson.Default.Colouring);
        Assert.InRange(bytes.Length, 256, 512);
        Assert.Equal(colouring, JsonSerializer.Deserialize(bytes, ColouringJson.Default.Colouring));
    }

    [Theory]
    [InlineData(4, 3, "012012012012012", "15 squares")]
    [InlineData(4, 3, "0120120120120123", "square 15")]
    [InlineData(4, 12, "01201201201201.b", "square 14")]
    public void One_that_does_not_fit_its_board_is_refused_by_name(int size, int colours, string squares, string fault) =>
        Assert.Contains(fault, Assert.Throws<MalformedColouringException>(() => new Colouring(size, colours, squares, moves: 0)).Fault, StringComparison.Ordinal);

    [Theory]
    [InlineData(3, 5, 0)]
    [InlineData(17, 5, 0)]
    [InlineData(5, 1, 0)]
    [InlineData(5, 37, 0)]
    [InlineData(5, 5, -1)]
    public void What_no_job_has_is_refused(int size, int colours, long moves) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Colouring(size, colours, new string('0', size * size), moves));

    [Fact]
    public void A_damaged_checkpoint_is_refused_and_so_is_one_with_a_field_missing()
    {
        Assert.Throws<MalformedColouringException>(() => JsonSerializer.Deserialize("""{"Size":4,"Colours":3,"Squares":"0","Moves":0}""", ColouringJson.Default.Colouring));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"Size":4,"Colours":3,"Squares":"0120120120120120"}""", ColouringJson.Default.Colouring));
    }

    [Fact]
    public void A_job_comes_back_from_JSON_equal_and_one_that_cannot_be_is_refused()
    {
        var job = new ColouringJob(9, 10, ulong.MaxValue);
        Assert.Equal(job, JsonSerializer.Deserialize(JsonSerializer.Serialize(job, ColouringJson.Default.ColouringJob), ColouringJson.Default.ColouringJob));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColouringJob(3, 5, Seed: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColouringJob(5, 1, Seed: 0));
    }
}
