using Microsoft.AspNetCore.Http;

namespace Rqml.AspNetCore.Problems;

/// <summary>A request that is refused before Rqml sees it.</summary>
internal sealed class ProblemException(int status, string type, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    /// <summary>The last part of the problem's type.</summary>
    public string Type { get; } = type;

    public static ProblemException Invalid(string detail) => new(StatusCodes.Status400BadRequest, ProblemTypes.InvalidRequest, detail);
}
