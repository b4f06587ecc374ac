"""Articles at the desk: Wagtail's snippet views with our list, form and save."""

from __future__ import annotations

from wagtail.snippets.views.snippets import SnippetViewSet

from broadsheet.desk.article_edit import ArticleEditView, ArticleUnpublishView
from broadsheet.desk.article_form import article_form
from broadsheet.desk.article_list import PER_PAGE, SEARCHED, ArticleChooserViewSet, ArticleFilters, ArticleIndexView
from broadsheet.library.models import Article


class ArticleViewSet(SnippetViewSet):
    """List, form, history, workflow and preview of articles at /desk/articles/."""

    model = Article
    icon = "doc-full"
    menu_label = "Articles"
    menu_name = "articles"
    menu_order = 100
    add_to_admin_menu = True
    base_url_path = "articles"
    index_view_class = ArticleIndexView
    edit_view_class = ArticleEditView
    unpublish_view_class = ArticleUnpublishView
    index_template_name = "desk/articles/index.html"
    edit_template_name = "desk/articles/edit.html"
    chooser_viewset_class = ArticleChooserViewSet
    filterset_class = ArticleFilters
    list_per_page = PER_PAGE
    search_backend_name = None
    search_fields = SEARCHED
    edit_handler = article_form()
